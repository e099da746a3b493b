import { hash } from 'node:crypto'
import { Provider, type KoaContextWithOIDC } from 'oidc-provider'
import { isJsonObject, whenSettled, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { opaqueTokenId, spaceOf, type IssuedTokens } from '../tokens/issued-tokens.ts'
import type { TokenWatch, WatchedToken } from './token-watch.ts'

export interface TokenWatching {
  readonly watch: TokenWatch
  readonly clock: Clock
  readonly sandboxOfClient: (clientId: string) => MaybePromise<SandboxId | undefined>
}

/** What the library has at hand of a token when it has answered. */
interface Entity {
  readonly jti: string
  readonly clientId?: string
  readonly accountId?: string
  readonly grantId?: string
  readonly gty?: string
  readonly scope?: string
  readonly aud?: string | readonly string[]
  readonly expiration?: number
  readonly jkt?: string
  readonly 'x5t#S256'?: string
}

type Entities = Readonly<Partial<Record<'AccessToken' | 'ClientCredentials' | 'RefreshToken' | 'RotatedRefreshToken' | 'AuthorizationCode' | 'Grant', Entity>>>

/** Tells of every code, access token and refresh token that is issued, and of what was given for it. */
export function watchTokens (provider: Provider, deps: TokenWatching): void {
  const listen = provider.on.bind(provider) as (event: string, listener: (ctx: KoaContextWithOIDC) => void) => void
  const observe = (tell: (sandboxId: SandboxId, ctx: KoaContextWithOIDC, deps: TokenWatching) => void) => (ctx: KoaContextWithOIDC): void => {
    void whenSettled(deps.sandboxOfClient(ctx.oidc.client?.clientId ?? ''), (sandboxId) => { if (sandboxId !== undefined) tell(sandboxId, ctx, deps) })
  }
  listen('grant.success', observe(tellGrant))
  listen('authorization.success', observe(tellCode))
}

function tellGrant (sandboxId: SandboxId, { req, oidc }: KoaContextWithOIDC, { watch, clock }: TokenWatching): void {
  const entities = oidc.entities as Entities
  const { AccessToken: user, ClientCredentials: own, RefreshToken: refresh, RotatedRefreshToken: rotated, AuthorizationCode: code } = entities
  const isRefresh = oidc.params?.['grant_type'] === 'refresh_token'
  const source = code ?? rotated ?? (isRefresh ? refresh : undefined)
  const parent = source === undefined ? {} : { parent: tokenName(source.jti) }
  if (source !== undefined) watch.spent(sandboxId, tokenName(source.jti), code !== undefined ? 'redeemed' : rotated !== undefined ? 'rotated' : 'refreshed', req)
  const access = user ?? own
  const asked = oidc.params?.['grant_type']
  const grantType = typeof asked === 'string' ? asked : ''
  if (access !== undefined) watch.issued(sandboxId, { ...describe(access, 'access_token', grantType, clock), ...parent }, req)
  if (refresh !== undefined && refresh !== source) watch.issued(sandboxId, { ...describe(refresh, 'refresh_token', grantType, clock), ...parent }, req)
}

function tellCode (sandboxId: SandboxId, { req, oidc }: KoaContextWithOIDC, { watch, clock }: TokenWatching): void {
  const { AuthorizationCode: code } = oidc.entities as Entities
  if (code !== undefined) watch.issued(sandboxId, describe(code, 'authorization_code', 'authorization_code', clock), req)
}

function describe (entity: Entity, kind: WatchedToken['kind'], grantType: string, clock: Clock): WatchedToken {
  const { jti, clientId = '', accountId, grantId, scope = '', aud, expiration = 0, jkt, 'x5t#S256': thumbprint } = entity
  const nowMs = clock.nowMs()
  return {
    name: tokenName(jti),
    kind,
    format: jti.includes('.') ? 'jwt' : 'opaque',
    clientId,
    grantType: entity.gty ?? grantType,
    scopes: scope.split(' ').filter((name) => name !== ''),
    audiences: [aud ?? []].flat(),
    issuedAtMs: nowMs,
    expMs: nowMs + expiration * 1000,
    ...(accountId === undefined ? {} : { subject: accountId }),
    ...(grantId === undefined ? {} : { family: familyName(grantId) }),
    ...(jkt !== undefined ? { binding: { kind: 'dpop' as const, thumbprint: jkt } } : thumbprint !== undefined ? { binding: { kind: 'certificate' as const, thumbprint } } : {}),
  }
}

/** What a token is called: the `jti` of a JWT, which we stamp with a dot, and the digest of anything that is itself its value. */
export function tokenName (jti: string): string {
  return jti.includes('.') ? jti : opaqueTokenId(jti)
}

function familyName (grantId: string): string {
  return hash('sha256', `family\0${grantId}`, 'base64url').slice(0, 22)
}

/** The same register of tokens, which tells of every revocation on its way. */
export function watchRevocations (issued: IssuedTokens, deps: TokenWatching & { readonly keyValue: Pick<KeyValue, 'get'> }): IssuedTokens {
  const tell = async (clientId: unknown, what: { readonly name: string } | { readonly family: string }): Promise<void> => {
    const ctx = Provider.ctx
    const sandboxId = await deps.sandboxOfClient(typeof clientId === 'string' ? clientId : ctx?.oidc.client?.clientId ?? '')
    if (sandboxId !== undefined) deps.watch.revoked(sandboxId, what, revokedBy(ctx), ctx?.req)
  }
  return {
    ...issued,
    async revoke (jti) {
      const token = await issued.find(jti)
      await issued.revoke(jti)
      if (token !== undefined) await tell(token.clientId, { name: jti })
    },
    async revokeOpaque (model, value) {
      const token = await issued.findOpaque(value)
      await issued.revokeOpaque(model, value)
      if (token !== undefined) await tell(token['clientId'], { name: opaqueTokenId(value) })
    },
    async revokeGrant (grantId) {
      const grant = await deps.keyValue.get(spaceOf('Grant'), grantId)
      await issued.revokeGrant(grantId)
      await tell(isJsonObject(grant) ? grant['clientId'] : undefined, { family: familyName(grantId) })
    },
  }
}

function revokedBy (ctx: KoaContextWithOIDC | undefined): string {
  const route = ctx?.oidc.route
  switch (route) {
    case undefined: return 'the sandbox\'s key or the operator'
    case 'revocation': return `the client ${ctx?.oidc.client?.clientId ?? ''} at the revocation endpoint`
    case 'token': return ctx?.oidc.params?.['grant_type'] === 'refresh_token' ? 'reuse detection: a refresh token came a second time' : 'replay detection: a code came a second time'
    case 'end_session_confirm': return 'the user, by logging out'
    default: return `the authorization server at ${route}`
  }
}
