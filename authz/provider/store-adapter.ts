import { errors, Provider, type Adapter, type AdapterFactory, type AdapterPayload } from 'oidc-provider'
import { StoreUnavailable, type KeyValue, type MaybePromise } from '../../stores/ports.ts'
import type { Clock, Json, SandboxId } from '../../kernel/index.ts'
import type { ClientDirectory, ClientRecord } from '../clients/client-directory.ts'
import type { UsesInFlight } from './uses-in-flight.ts'
import { isAccessTokenModel, spaceOf, type IssuedToken, type IssuedTokens } from '../tokens/issued-tokens.ts'

export interface StoreAdapterDeps {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly clients: ClientDirectory
  readonly issued: IssuedTokens
  /** Without it, every second use is a replay. */
  readonly inFlight?: Pick<UsesInFlight, 'begin' | 'has'>
  readonly describeClient: (record: ClientRecord) => AdapterPayload
  /** The record of a JWT access token that is good at this moment. */
  readonly findLiveJwt: (token: string) => MaybePromise<IssuedToken | undefined>
  readonly tokenAgeAdvanceMs: (sandboxId: SandboxId, issuedAtMs: number) => number
}

type Stored = AdapterPayload & { readonly issuedAtMs?: number }

/** Marks a JWT as one to look up, because the library refuses to introspect or revoke what looks like a JWT. */
export const STRUCTURED_TOKEN_MARK = 'structured~'

/** An opaque access token is known this much longer than it lives, so that a late caller hears that it has expired. */
const EXPLAINED_MS = 86_400_000

/** Artifacts whose age the sandbox's clock moves, as it moves that of access tokens. */
const AGING = new Set(['RefreshToken', 'AuthorizationCode', 'DeviceCode', 'BackchannelAuthenticationRequest'])

/**
 * oidc-provider's persistence over our ports: one space per model, clients from our own records, JWT access tokens by their
 * record. Consuming is atomic (one winner of any number of parallel uses of a code or refresh token); revoking by grant
 * reaches everything that hangs on the grant. A store that does not answer becomes a 503 `temporarily_unavailable`.
 */
export function createStoreAdapter (deps: StoreAdapterDeps): AdapterFactory {
  return function openAdapter (model: string): Adapter {
    const adapter = model === 'Client' ? createClientAdapter(deps) : createModelAdapter(deps, model)
    return {
      find: reportOutage(async (...input: Parameters<Adapter['find']>) => await adapter.find(...input)),
      findByUid: reportOutage(async (...input: Parameters<Adapter['findByUid']>) => await adapter.findByUid(...input)),
      findByUserCode: reportOutage(async (...input: Parameters<Adapter['findByUserCode']>) => await adapter.findByUserCode(...input)),
      upsert: reportOutage(async (...input: Parameters<Adapter['upsert']>) => await adapter.upsert(...input)),
      consume: reportOutage(async (...input: Parameters<Adapter['consume']>) => await adapter.consume(...input)),
      destroy: reportOutage(async (...input: Parameters<Adapter['destroy']>) => await adapter.destroy(...input)),
      revokeByGrantId: reportOutage(async (...input: Parameters<Adapter['revokeByGrantId']>) => await adapter.revokeByGrantId(...input)),
    }
  }
}

function createClientAdapter (deps: StoreAdapterDeps): Adapter {
  return {
    async find (id) {
      const record = await deps.clients.find(id)
      return record === undefined ? undefined : deps.describeClient(record)
    },
    findByUid: none,
    findByUserCode: none,
    upsert: none,
    consume: none,
    destroy: none,
    revokeByGrantId: none,
  }
}

async function none (): Promise<undefined> {
  return undefined
}

function createModelAdapter (deps: StoreAdapterDeps, model: string): Adapter {
  const { keyValue, clock, issued } = deps
  const space = spaceOf(model)

  async function find (id: string): Promise<AdapterPayload | undefined> {
    if (id.includes('.') && isAccessTokenModel(model)) return await findStructured(deps, model, id)
    const stored = await keyValue.get(space, id) as unknown as Stored | undefined
    if (stored !== undefined && isAccessTokenModel(model)) return await findLive(deps, stored)
    if (stored?.consumed !== undefined && Provider.ctx?.oidc.route === 'token' && await deps.inFlight?.has(space, id) === true) throw raceLost(model)
    return stored === undefined || !AGING.has(model) ? stored : await age(deps, stored)
  }

  return {
    find,
    findByUid: async (uid) => await findByIndex(`${space}:uid`, uid),
    findByUserCode: async (userCode) => await findByIndex(`${space}:user-code`, userCode),
    async upsert (id, payload, expiresIn) {
      const ttl = expiresIn === undefined ? {} : { ttlMs: expiresIn * 1000 + (isAccessTokenModel(model) ? EXPLAINED_MS : 0) }
      await keyValue.put(space, id, { ...withoutLoginHint(payload), issuedAtMs: clock.nowMs() } as unknown as Json, ttl)
      if (payload.grantId !== undefined && model !== 'Interaction') await issued.addGrantMember(payload.grantId, model, id, ttl.ttlMs)
      if (payload.uid !== undefined) await keyValue.put(`${space}:uid`, payload.uid, id, ttl)
      if (payload.userCode !== undefined) await keyValue.put(`${space}:user-code`, payload.userCode, id, ttl)
    },
    consume: async (id) => await consume(deps, model, id),
    async destroy (id) {
      if (!isAccessTokenModel(model)) await keyValue.delete(space, id)
      else if (id.includes('.')) await issued.revoke(id)
      else await issued.revokeOpaque(model, id)
    },
    revokeByGrantId: async (grantId) => await issued.revokeGrant(grantId),
  }

  async function findByIndex (index: string, key: string): Promise<AdapterPayload | undefined> {
    const id = await keyValue.get(index, key)
    return typeof id === 'string' ? await find(id) : undefined
  }
}

/** `login_hint` is somebody's e-mail address or telephone number (OpenID Connect Core §3.1.2.1), and no page of ours reads it. */
function withoutLoginHint (payload: AdapterPayload): AdapterPayload {
  const { params, prompt } = payload
  if (params?.['login_hint'] === undefined) return payload
  const { login_hint: _hint, ...keptParams } = params
  const { login_hint: _detail, ...keptDetails } = (prompt?.details ?? {}) as Record<string, unknown>
  return { ...payload, params: keptParams, ...(prompt === undefined ? {} : { prompt: { ...prompt, details: keptDetails } }) }
}

/** A JWT at the userinfo endpoint, or a marked one at introspection and revocation. */
async function findStructured (deps: StoreAdapterDeps, model: string, value: string): Promise<AdapterPayload | undefined> {
  const isMarked = value.startsWith(STRUCTURED_TOKEN_MARK)
  const token = await deps.findLiveJwt(isMarked ? value.slice(STRUCTURED_TOKEN_MARK.length) : value)
  if (token === undefined || token.kind !== model) return undefined
  const { aud, grantId, ...rest } = token
  const payload = { ...rest, format: 'opaque' }
  // Without its grant, so that revoking an access token leaves the refresh token alone (RFC 7009 §2.1 leaves that to the server).
  if (isMarked) return aud === undefined ? payload : { ...payload, aud }
  // The library lets only tokens without audience into userinfo; ours are for the API and carry `openid` as well.
  return grantId === undefined ? payload : { ...payload, grantId }
}

/** An opaque access token, unless the sandbox's clock has aged it; as a JWT does, it keeps the `exp` that it was issued with. */
async function findLive (deps: StoreAdapterDeps, stored: Stored): Promise<AdapterPayload | undefined> {
  const { exp = 0 } = await age(deps, stored)
  if (exp * 1000 <= deps.clock.nowMs()) return undefined
  // The library lets only tokens without audience into userinfo; ours are for the API and carry `openid` as well.
  if (Provider.ctx?.oidc.route !== 'userinfo') return stored
  const { aud: _aud, ...rest } = stored
  return rest
}

/** Brings the expiry forward by what the sandbox's clock was advanced since (the library compares with the real time). */
async function age (deps: StoreAdapterDeps, stored: Stored): Promise<AdapterPayload> {
  const client = await deps.clients.find(stored.clientId ?? '')
  if (client === undefined || stored.exp === undefined) return stored
  const advancedMs = deps.tokenAgeAdvanceMs(client.sandboxId, stored.issuedAtMs ?? (stored.iat ?? 0) * 1000)
  return advancedMs > 0 ? { ...stored, exp: stored.exp - Math.ceil(advancedMs / 1000) } : stored
}

/**
 * Marks as consumed, for exactly one of any number of concurrent callers. The losers get `invalid_grant` and change nothing:
 * at that moment their use is a race; a use after the mark is seen is a reuse, and the library then revokes the grant.
 */
async function consume (deps: StoreAdapterDeps, model: string, id: string): Promise<void> {
  const space = spaceOf(model)
  const stored = await deps.keyValue.get(space, id) as unknown as Stored | undefined
  if (stored === undefined) throw new errors.InvalidGrant('the grant was revoked meanwhile')
  const nowMs = deps.clock.nowMs()
  const ttl = stored.exp === undefined ? {} : { ttlMs: Math.max(1, stored.exp * 1000 - nowMs) }
  if (!await deps.keyValue.putIfAbsent(`${space}:consumed`, id, true, ttl)) throw raceLost(model)
  await deps.inFlight?.begin(space, id)
  await deps.keyValue.put(space, id, { ...stored, consumed: Math.floor(nowMs / 1000) } as unknown as Json, ttl)
}

function raceLost (model: string): Error {
  return new errors.InvalidGrant(`${model} was used by another request at the same time`)
}

/** A store that does not answer becomes a 503 `temporarily_unavailable` of the library. */
export function reportOutage<A extends unknown[], R> (operation: (...input: A) => Promise<R>): (...input: A) => Promise<R> {
  return async (...input) => {
    try {
      return await operation(...input)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      const outage = new errors.CustomOIDCProviderError('temporarily_unavailable', 'the authorization server is temporarily unavailable')
      throw Object.assign(outage, { status: 503, statusCode: 503, error_detail: `the store does not answer: ${error.message}`, cause: error })
    }
  }
}
