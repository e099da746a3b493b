import { createHmac } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { errors, interactionPolicy, type Client, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { TakeAuthorizationFault } from '../authorization-server.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import type { TestUser, TestUsers } from '../interaction/users/test-users.ts'
import type { Json } from '../../kernel/index.ts'

type FindAccount = NonNullable<Configuration['findAccount']>

/** A user is found only through a client of the user's sandbox, so a session, code or token of another sandbox finds nobody. */
export function createAccountFinder ({ clients, users }: { readonly clients: ClientDirectory, readonly users: TestUsers }): FindAccount {
  return async (ctx, sub) => {
    const client = await clients.find(ctx.oidc.client?.clientId ?? '')
    const user = client === undefined ? undefined : await users.get(client.sandboxId, sub)
    if (user === undefined) return undefined
    return {
      accountId: user.sub,
      claims: async (_use, _scope, asked) => statedClaims(user, asked),
    }
  }
}

/** A claim that was asked for with a value (OpenID Connect Core §5.5.1) is stated only if it has that value. */
function statedClaims ({ sub, username, name, email, claims }: TestUser, asked: Readonly<Record<string, unknown>>): { sub: string, [claim: string]: Json } {
  const all = { email_verified: true, ...claims, sub, name, preferred_username: username, email }
  return { ...Object.fromEntries(Object.entries(all).filter(([claim, value]) => hasAskedValue(value, asked[claim]))), sub }
}

function hasAskedValue (value: Json, request: unknown): boolean {
  const { value: wanted, values } = (request ?? {}) as { readonly value?: unknown, readonly values?: unknown }
  if (wanted !== undefined) return isDeepStrictEqual(wanted, value)
  return !Array.isArray(values) || values.some((one) => isDeepStrictEqual(one, value))
}

/** A subject identifier that clients of one sector share and others cannot link (OpenID Connect Core §8.1, method 3). */
export function createPairwiseIdentifier (secret: string) {
  return async function pairwiseIdentifier (_ctx: KoaContextWithOIDC, accountId: string, client: Client): Promise<string> {
    const { sectorIdentifier: sector = client.clientId } = client as { readonly sectorIdentifier?: string }
    return createHmac('sha256', secret).update(`pairwise-subject\0${sector}\0${accountId}`).digest('base64url')
  }
}

/**
 * The library's policy, and: a browser session of another sandbox's user is no session here; and an error that was asked for as
 * a fault is sent before anybody is asked to log in, to a client and redirect URI that have been checked.
 */
export function loginPolicy (takeFault: TakeAuthorizationFault | undefined) {
  const policy = interactionPolicy.base()
  if (takeFault !== undefined) policy.get('login')?.checks.add(new interactionPolicy.Check('fault', '', async (ctx) => await strikeFault(ctx, takeFault)), 0)
  policy.get('login')?.checks.add(new interactionPolicy.Check('foreign_session', 'End-User authentication is required', 'login_required', (ctx) =>
    ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined), 0)
  return policy
}

async function strikeFault ({ oidc }: KoaContextWithOIDC, takeFault: TakeAuthorizationFault): Promise<boolean> {
  const fault = oidc.route === 'authorization' ? await takeFault(oidc.client?.clientId ?? '') : undefined
  if (fault === undefined) return interactionPolicy.Check.NO_NEED_TO_PROMPT
  throw Object.assign(new errors.CustomOIDCProviderError(fault.error, fault.description), { error_detail: fault.detail })
}
