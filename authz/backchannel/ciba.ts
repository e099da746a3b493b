import { errors, Provider, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { BackchannelCondition } from '../interaction/users/conditions.ts'
import type { BackchannelDecisions, BackchannelDeps } from './backchannel-decisions.ts'

type Ciba = NonNullable<NonNullable<Configuration['features']>['ciba']>

export interface CibaDeps extends Pick<BackchannelDeps, 'clients' | 'users' | 'requests' | 'clock'> {
  readonly decisions: BackchannelDecisions
  /** Runs something later, once, without keeping the process. */
  readonly schedule: (delayMs: number, run: () => Promise<void>) => void
}

const BINDING_MESSAGE_LENGTH_MAX = 20

/**
 * What the library asks of us for backchannel authentication (CIBA Core §7): who is meant, and to reach that person's other
 * device. The device is the control API, or the test user's condition.
 */
export function buildCiba (deps: CibaDeps): Pick<Ciba, 'processLoginHint' | 'processLoginHintToken' | 'verifyUserCode' | 'validateRequestContext' | 'validateBindingMessage' | 'triggerAuthenticationDevice'> {
  return {
    processLoginHint: async (ctx, hint) => await findUser(deps, ctx, hint ?? ''),
    processLoginHintToken: async () => { throw new errors.InvalidRequest('login_hint_token is not supported') },
    // Test users have no user codes; discovery says so.
    verifyUserCode: async () => {},
    validateRequestContext: async () => {},
    validateBindingMessage: async (_ctx, message) => {
      if (message === undefined || isBindingMessage(message)) return
      throw new errors.InvalidBindingMessage(`binding_message must have 1 to ${BINDING_MESSAGE_LENGTH_MAX} printable characters`)
    },
    triggerAuthenticationDevice: async (ctx, request, account, client) => {
      const { sandboxId, username } = await findAddressee(deps, client.clientId, account.accountId)
      const { jti, expiration } = request as unknown as { readonly jti: string, readonly expiration: number }
      const nowMs = deps.clock.nowMs()
      const condition = (await deps.users.get(sandboxId, account.accountId))?.conditions?.backchannel
      const message = ctx.oidc.params?.['binding_message']
      await deps.requests.put(sandboxId, {
        id: jti,
        clientId: client.clientId,
        sub: account.accountId,
        username,
        scopes: String((request as unknown as { scope?: string }).scope ?? '').split(' ').filter((scope) => scope !== ''),
        deliveryMode: String(client['backchannelTokenDeliveryMode'] ?? 'poll'),
        createdAtMs: nowMs,
        expiresAtMs: nowMs + expiration * 1000,
        status: 'waiting',
        ...(typeof message === 'string' ? { bindingMessage: message } : {}),
        ...planOf(condition, nowMs),
      }, nowMs)
      // Polls settle it as well; the timer is for clients that wait to be told.
      if (condition !== undefined && condition.decision !== 'ignore') deps.schedule(condition.afterSeconds * 1000, async () => await deps.decisions.settle(client.clientId, jti))
    },
  }
}

/** Makes the decision that a user's condition owes when a client polls for it, whether or not a timer ran meanwhile. */
export function settleAtPolls (provider: Provider, decisions: Pick<BackchannelDecisions, 'settle'>): void {
  const model = provider.BackchannelAuthenticationRequest as unknown as { find: (id: string, options?: object) => Promise<unknown> }
  const find = model.find.bind(model)
  const seen = new WeakSet()
  model.find = async function findSettled (id, options) {
    const ctx = Provider.ctx
    const clientId = ctx?.oidc.client?.clientId
    if (ctx !== undefined && clientId !== undefined && ctx.oidc.route === 'token' && !seen.has(ctx)) {
      seen.add(ctx)
      await decisions.settle(clientId, id)
    }
    return await find(id, options)
  }
}

function planOf (condition: BackchannelCondition | undefined, nowMs: number): object {
  if (condition === undefined) return {}
  if (condition.decision === 'ignore') return { detail: 'the test user never answers' }
  return { automatic: { decision: condition.decision, atMs: nowMs + condition.afterSeconds * 1000 } }
}

async function findUser ({ clients, users }: CibaDeps, ctx: KoaContextWithOIDC, hint: string): Promise<string | undefined> {
  const client = await clients.find(ctx.oidc.client?.clientId ?? '')
  return client === undefined ? undefined : (await users.findByUsername(client.sandboxId, hint))?.sub
}

async function findAddressee ({ clients, users }: CibaDeps, clientId: string, sub: string) {
  const client = await clients.find(clientId)
  const user = client === undefined ? undefined : await users.get(client.sandboxId, sub)
  if (client === undefined || user === undefined) throw new errors.UnknownUserId('could not identify end-user')
  return { sandboxId: client.sandboxId, username: user.username }
}

/** Letters of any script: the person compares it with the eyes. */
function isBindingMessage (message: string): boolean {
  return [...message].length <= BINDING_MESSAGE_LENGTH_MAX && /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(message)
}
