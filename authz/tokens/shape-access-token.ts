import { errors, type AccessToken, type ClientCredentials } from 'oidc-provider'
import { whenSettled, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { spaceOf, type IssuedToken, type IssuedTokens } from './issued-tokens.ts'
import { stampTokenId } from './token-claims.ts'

export interface AccessTokenShaping {
  readonly clock: Clock
  readonly issued: IssuedTokens
  readonly keyValue: KeyValue
  readonly sandboxOfClient: (clientId: string) => MaybePromise<SandboxId | undefined>
  /** The key that signs access tokens of a sandbox now. */
  readonly signingKid: (sandboxId: SandboxId | undefined) => string
}

/** What the library is about to sign. */
export interface TokenParts { header?: Record<string, unknown> | undefined, payload: Record<string, unknown> }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What the library keeps of a token beyond what every token has, and reads again at introspection and userinfo. */
const KEPT = ['accountId', 'grantId', 'gty', 'scope', 'x5t#S256', 'jkt', 'rar', 'claims', 'extra'] as const

/**
 * Runs just before a JWT access token is signed: names the key of the client's sandbox, and keeps the record by which the token
 * can be introspected and revoked. A token whose grant was revoked while it was being made is not issued.
 */
export async function shapeAccessToken (deps: AccessTokenShaping, token: AccessToken | ClientCredentials, parts: TokenParts): Promise<void> {
  const { payload } = parts
  parts.header = { ...parts.header, kid: await whenSettled(deps.sandboxOfClient(token.clientId ?? ''), deps.signingKid) }
  const issuedAtMs = deps.clock.nowMs()
  const jti = stampTokenId(token.jti, issuedAtMs)
  payload['jti'] = jti
  ;(token as Mutable<typeof token>).jti = jti
  const record = recordOf(token, payload, jti, issuedAtMs)
  await deps.issued.save(record)
  if (record.grantId !== undefined && await deps.keyValue.get(spaceOf('Grant'), record.grantId) === undefined) {
    await deps.issued.revoke(jti)
    throw new errors.InvalidGrant('the grant was revoked meanwhile')
  }
}

function recordOf (token: AccessToken | ClientCredentials, payload: Record<string, unknown>, jti: string, issuedAtMs: number): IssuedToken {
  const kept = Object.fromEntries(KEPT.map((name) => [name, (token as unknown as Record<string, unknown>)[name]]))
  const record = {
    kind: token.kind,
    format: 'jwt',
    jti,
    clientId: token.clientId ?? '',
    iat: payload['iat'],
    exp: payload['exp'],
    aud: payload['aud'],
    issuedAtMs,
    ...kept,
  }
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as unknown as IssuedToken
}
