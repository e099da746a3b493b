import { createHmac } from 'node:crypto'
import { interactionPolicy, type Client, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { ClientDirectory } from '../clients/client-directory.ts'
import type { TestUsers } from '../interaction/test-users.ts'

type FindAccount = NonNullable<Configuration['findAccount']>

/** A user is found only through a client of the user's sandbox, so a session, code or token of another sandbox finds nobody. */
export function createAccountFinder ({ clients, users }: { readonly clients: ClientDirectory, readonly users: TestUsers }): FindAccount {
  return async (ctx, sub) => {
    const client = await clients.find(ctx.oidc.client?.clientId ?? '')
    const user = client === undefined ? undefined : await users.get(client.sandboxId, sub)
    if (user === undefined) return undefined
    return {
      accountId: user.sub,
      claims: async () => ({ sub: user.sub, name: user.name, preferred_username: user.username, email: user.email, email_verified: true }),
    }
  }
}

/** A subject identifier that clients of one sector share and others cannot link (OpenID Connect Core §8.1, method 3). */
export function createPairwiseIdentifier (secret: string) {
  return async function pairwiseIdentifier (_ctx: KoaContextWithOIDC, accountId: string, client: Client): Promise<string> {
    return createHmac('sha256', secret).update(`pairwise-subject\0${String(client['sectorIdentifier'] ?? client.clientId)}\0${accountId}`).digest('base64url')
  }
}

/** The library's policy, and: a browser session of another sandbox's user is no session here. */
export function loginPolicy () {
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(new interactionPolicy.Check('foreign_session', 'End-User authentication is required', 'login_required', (ctx) =>
    ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined), 0)
  return policy
}
