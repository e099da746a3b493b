import { errors, type AccessToken, type ClientCredentials, type KoaContextWithOIDC } from 'oidc-provider'
import type { Clock } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import { spaceOf, type IssuedToken, type IssuedTokens } from './issued-tokens.ts'
import { stampTokenId } from './token-claims.ts'

export interface AccessTokenShaping {
  readonly clock: Clock
  readonly issued: IssuedTokens
  readonly keyValue: KeyValue
  readonly certificateOf: (ctx: KoaContextWithOIDC) => PresentedCertificate | undefined
  /** The profile binds tokens to certificates. */
  readonly isBinding: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Runs just before a JWT access token is signed: binds it to the certificate that the request came with, whatever the client
 * authenticates by (RFC 8705 §3; the library binds only for clients registered so), and keeps the record by which it can be
 * introspected and revoked. A token whose grant was revoked while it was being made is not issued.
 */
export async function shapeAccessToken (
  deps: AccessTokenShaping, ctx: KoaContextWithOIDC, token: AccessToken | ClientCredentials, parts: { payload: Record<string, unknown> },
): Promise<void> {
  const { payload } = parts
  const thumbprint = deps.isBinding ? deps.certificateOf(ctx)?.thumbprint : undefined
  if (thumbprint !== undefined) {
    payload['cnf'] = { 'x5t#S256': thumbprint }
    ;(token as Mutable<typeof token>)['x5t#S256'] = thumbprint
  }
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
  const user = 'accountId' in token ? pickDefined({ accountId: token.accountId, grantId: token.grantId, gty: token.gty }) : {}
  return {
    kind: token.kind,
    format: 'jwt',
    jti,
    clientId: token.clientId ?? '',
    iat: payload['iat'] as number,
    exp: payload['exp'] as number,
    issuedAtMs,
    ...user,
    ...pickDefined({ scope: token.scope, aud: payload['aud'] as string | undefined, 'x5t#S256': token['x5t#S256'] }),
  }
}

function pickDefined<T extends Record<string, string | undefined>> (values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: string }
}
