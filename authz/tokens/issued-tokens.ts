import { hash } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import { isJsonObject, whenSettled, type Clock, type Json, type JsonObject } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/ports.ts'
import { listAll } from '../clients/client-directory.ts'

/**
 * What is kept of a JWT access token while it lives. Its presence is what makes the token good: revoking deletes it. Names are
 * those of oidc-provider's payloads, which reads it for introspection and userinfo.
 */
export interface IssuedToken {
  readonly kind: 'AccessToken' | 'ClientCredentials'
  readonly format: 'jwt'
  readonly jti: string
  readonly clientId: string
  readonly accountId?: string
  readonly grantId?: string
  readonly gty?: string
  readonly scope?: string
  readonly aud?: string
  readonly iat: number
  readonly exp: number
  readonly 'x5t#S256'?: string
  readonly jkt?: string
  /** Authorization details (RFC 9396), requested claims and extra claims, as the library keeps them. */
  readonly rar?: AdapterPayload['rar']
  readonly claims?: NonNullable<AdapterPayload['claims']>
  readonly extra?: NonNullable<AdapterPayload['extra']>
  readonly issuedAtMs: number
}

/** The JWT access tokens that are out, and the grants that everything else hangs on. */
export interface IssuedTokens {
  readonly save: (token: IssuedToken) => Promise<void>
  readonly find: (jti: string) => MaybePromise<IssuedToken | undefined>
  /** Stops the token on every instance at once. Does nothing when it is gone already. */
  readonly revoke: (jti: string) => Promise<void>
  /** An opaque access token as the library stored it; undefined when it was revoked, has expired or never was. */
  readonly findOpaque: (value: string) => MaybePromise<JsonObject | undefined>
  /** As `revoke`, for an opaque token of a model. */
  readonly revokeOpaque: (model: string, value: string) => Promise<void>
  /** Notes that a stored artifact dies with the grant. */
  readonly addGrantMember: (grantId: string, model: string, id: string, ttlMs: number | undefined) => MaybePromise<void>
  /** Deletes the grant and everything that hangs on it, JWT access tokens included. */
  readonly revokeGrant: (grantId: string) => Promise<void>
  /** Synchronous, from memory: revoked since this process started. An opaque token goes by its `opaqueTokenId`. */
  readonly isKnownRevoked: (jti: string) => boolean
}

const TOPIC = 'access-token-revoked'
const SPACE = 'access-token'
const REMEMBERED_MAX = 20_000
/** Opaque tokens of the library have 43 characters. */
const OPAQUE_LENGTH_MAX = 200

/** What an opaque token is called wherever it must not stand itself: base64url SHA-256. */
export function opaqueTokenId (value: string): string {
  return hash('sha256', value, 'base64url')
}

/** Models of oidc-provider that are access tokens. */
export function isAccessTokenModel (model: string): boolean {
  return model === 'AccessToken' || model === 'ClientCredentials'
}

/** The space of a model's artifacts in the store. */
export function spaceOf (model: string): string {
  return `oauth:${model}`
}

/** Issued tokens over the store. */
export function createIssuedTokens (deps: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): IssuedTokens {
  const { keyValue, notices, clock } = deps
  const revokedUntilMs = new Map<string, number>()

  function remember (jti: string, untilMs: number): void {
    if (revokedUntilMs.size >= REMEMBERED_MAX) {
      const nowMs = clock.nowMs()
      for (const [key, value] of revokedUntilMs) if (value <= nowMs) revokedUntilMs.delete(key)
    }
    revokedUntilMs.set(jti, untilMs)
  }

  notices.subscribe(TOPIC, ({ jti, untilMs }) => {
    if (typeof jti === 'string' && typeof untilMs === 'number') remember(jti, untilMs)
  })

  async function revoke (jti: string): Promise<void> {
    const token = await keyValue.take(SPACE, jti) as unknown as IssuedToken | undefined
    if (token !== undefined) await announce(jti, token.exp * 1000)
  }

  async function announce (jti: string, untilMs: number): Promise<void> {
    remember(jti, untilMs)
    await notices.publish(TOPIC, { jti, untilMs })
  }

  async function revokeOpaque (model: string, value: string): Promise<void> {
    const token = await keyValue.take(spaceOf(model), value)
    if (isJsonObject(token)) await announce(opaqueTokenId(value), Number(token['exp'] ?? 0) * 1000)
  }

  async function addGrantMember (grantId: string, model: string, id: string, ttlMs: number | undefined): Promise<void> {
    await keyValue.put(grantSpace(grantId), `${model}:${id}`, { model, id }, ttlMs === undefined ? {} : { ttlMs })
  }

  return {
    isKnownRevoked: (jti) => revokedUntilMs.has(jti),
    find: (jti) => whenSettled(keyValue.get(SPACE, jti), (value) => value as unknown as IssuedToken | undefined),
    revoke,
    revokeOpaque,
    findOpaque: (value) => findOpaque(keyValue, value),
    addGrantMember,
    async save (token) {
      const ttlMs = Math.max(1, token.exp * 1000 - clock.nowMs())
      await keyValue.put(SPACE, token.jti, token as unknown as Json, { ttlMs })
      if (token.grantId !== undefined) await addGrantMember(token.grantId, SPACE, token.jti, ttlMs)
    },
    async revokeGrant (grantId) {
      // First the grant: a token issued meanwhile is saved as a member before its issuer looks for the grant, so either
      // the issuer misses the grant or the list below has the member.
      await keyValue.delete(spaceOf('Grant'), grantId)
      for (const { key, value } of await listAll(keyValue, grantSpace(grantId))) {
        const { model, id } = value as { model: string, id: string }
        if (model === SPACE) await revoke(id)
        else if (isAccessTokenModel(model)) await revokeOpaque(model, id)
        else await keyValue.delete(spaceOf(model), id)
        await keyValue.delete(grantSpace(grantId), key)
      }
    },
  }
}

function findOpaque (keyValue: KeyValue, value: string): MaybePromise<JsonObject | undefined> {
  if (value.length > OPAQUE_LENGTH_MAX) return undefined
  return whenSettled(keyValue.get(spaceOf('AccessToken'), value), (ofUser) => isJsonObject(ofUser)
    ? ofUser
    : whenSettled(keyValue.get(spaceOf('ClientCredentials'), value), (ofClient) => isJsonObject(ofClient) ? ofClient : undefined))
}

function grantSpace (grantId: string): string {
  return `oauth-grant-member:${grantId}`
}
