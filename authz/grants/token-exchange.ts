import { decodeJwt } from 'jose'
import { errors, type FindAccount, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Clock } from '../../kernel/index.ts'
import type { ProtectedApi } from '../authorization-profile.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { TOKEN_EXCHANGE } from '../grant-types.ts'
import { issueForUser, type ProvedSubject } from './issue-for-user.ts'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

const PARAMETERS = ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'audience', 'resource', 'scope']

/** What is known of an access token of ours that is good at this moment. */
export interface LiveToken extends ProvedToken {
  readonly limit: NonNullable<ProvedSubject['limit']>
}

interface ProvedToken {
  readonly clientId: string
  readonly accountId?: string
  readonly limit?: NonNullable<ProvedSubject['limit']>
  readonly actor?: object
}

export interface TokenExchangeDeps {
  readonly provider: Provider
  readonly apis: readonly ProtectedApi[]
  readonly clients: ClientDirectory
  readonly clock: Clock
  readonly findAccount: FindAccount
  readonly findLiveToken: (token: string) => Promise<LiveToken | undefined>
}

/**
 * Token exchange (RFC 8693): a client of the same sandbox trades a user's access token or ID token for an access token of its
 * own. At the subject token's own API it gets no more scope than that has, at another one what the client is registered for; with an actor token it becomes a delegation, and `act` says by whom (§4.1). Only
 * access tokens are issued, only for users, and nothing wider than the subject token.
 */
export function registerTokenExchange (deps: TokenExchangeDeps): void {
  deps.provider.registerGrantType(TOKEN_EXCHANGE, async (ctx) => { await exchange(deps, ctx) }, PARAMETERS)
}

async function exchange (deps: TokenExchangeDeps, ctx: KoaContextWithOIDC): Promise<void> {
  const requested = readText(ctx, 'requested_token_type')
  if (requested !== undefined && requested !== ACCESS_TOKEN && requested !== JWT) throw new errors.InvalidRequest(`requested_token_type ${requested} is not supported; ${ACCESS_TOKEN} is`)
  const subject = await prove(deps, ctx, 'subject_token')
  if (subject === undefined) throw new errors.InvalidRequest('missing required parameter(s) (subject_token, subject_token_type)')
  const actor = await prove(deps, ctx, 'actor_token')
  const act = actor === undefined ? subject.actor : { sub: actor.accountId, client_id: actor.clientId, ...(subject.actor === undefined ? {} : { act: subject.actor }) }
  await issueForUser(deps.provider, ctx, {
    accountId: subject.accountId,
    ...(subject.limit === undefined ? {} : { limit: subject.limit }),
    ...(act === undefined ? {} : { actor: act }),
  }, { apis: deps.apis, findAccount: deps.findAccount, gty: 'token_exchange', issuedTokenType: requested ?? ACCESS_TOKEN })
}

/** The user of a token that is ours, alive, and of the asking client's sandbox; undefined when the parameter was not sent. */
async function prove (deps: TokenExchangeDeps, ctx: KoaContextWithOIDC, name: 'subject_token' | 'actor_token'): Promise<ProvedSubject & { readonly clientId: string } | undefined> {
  const [token, type] = [readText(ctx, name), readText(ctx, `${name}_type`)]
  if (token === undefined && type === undefined) return undefined
  if (token === undefined || type === undefined) throw new errors.InvalidRequest(`${name} and ${name}_type go together`)
  const found: ProvedToken | undefined = type === ID_TOKEN ? await readIdToken(deps, token) : type === ACCESS_TOKEN || type === JWT ? await deps.findLiveToken(token) : undefined
  if (found === undefined) throw new errors.InvalidRequest([ID_TOKEN, ACCESS_TOKEN, JWT].includes(type) ? `${name} is invalid, expired or revoked` : `${name}_type ${type} is not supported; ${ACCESS_TOKEN} and ${ID_TOKEN} are`)
  const [asking, holder] = await Promise.all([deps.clients.find(ctx.oidc.client?.clientId ?? ''), deps.clients.find(found.clientId)])
  if (asking === undefined || asking.sandboxId !== holder?.sandboxId) throw new errors.InvalidRequest(`${name} is invalid, expired or revoked`)
  if (found.accountId === undefined) throw new errors.InvalidRequest(`${name} has no end-user; a client's own token cannot be exchanged`)
  return { clientId: found.clientId, accountId: found.accountId, ...(found.limit === undefined ? {} : { limit: found.limit }), ...(found.actor === undefined ? {} : { actor: found.actor }) }
}

/** An ID token of this server (OpenID Connect Core §2) by its signature, client and life. It names no scopes. */
async function readIdToken ({ provider, clock }: TokenExchangeDeps, token: string): Promise<ProvedToken | undefined> {
  try {
    const { aud } = decodeJwt(token)
    const client = await provider.Client.find(String([aud].flat()[0]))
    if (client === undefined || client['subjectType'] === 'pairwise') return undefined
    const { payload } = await provider.IdToken.validate(token, client) as { payload: { sub?: string, exp?: number } }
    return payload.sub === undefined || payload.exp === undefined || payload.exp * 1000 <= clock.nowMs() ? undefined : { clientId: client.clientId, accountId: payload.sub }
  } catch {
    return undefined
  }
}

function readText (ctx: KoaContextWithOIDC, name: string): string | undefined {
  const value = ctx.oidc.params?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
