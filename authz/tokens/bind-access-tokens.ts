import { errors, Provider, type AccessToken, type ClientCredentials, type KoaContextWithOIDC } from 'oidc-provider'
import type { KeyValue } from '../../stores/ports.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import { spaceOf, type IssuedTokens } from './issued-tokens.ts'

export interface AccessTokenBinding {
  readonly issued: Pick<IssuedTokens, 'revokeOpaque'>
  readonly keyValue: Pick<KeyValue, 'get'>
  readonly certificateOf: (ctx: KoaContextWithOIDC) => PresentedCertificate | undefined
  /** The profile binds tokens to certificates. */
  readonly isBinding: boolean
}

type Saved = (AccessToken | ClientCredentials) & { 'x5t#S256'?: string, jkt?: string, format?: string, grantId?: string }
interface Model { readonly prototype: { save: (this: Saved) => Promise<string> } }

/**
 * Binds access tokens, JWT and opaque, to the certificate that the request came with, whatever the client authenticates by
 * (RFC 8705 §3; the library binds only for clients registered so). A token that is bound to a DPoP key stays so: the proof was
 * sent on purpose, the certificate may be there for other reasons, and one token has one binding.
 *
 * An opaque token whose grant was revoked while it was being made is not issued (for a JWT, `shapeAccessToken` sees to that).
 */
export function bindAccessTokens (provider: Provider, deps: AccessTokenBinding): void {
  for (const model of [provider.AccessToken, provider.ClientCredentials] as unknown as Model[]) {
    const { save } = model.prototype
    model.prototype.save = async function saveBound () {
      const ctx = Provider.ctx
      const thumbprint = deps.isBinding && this.jkt === undefined && ctx !== undefined ? deps.certificateOf(ctx)?.thumbprint : undefined
      if (thumbprint !== undefined) this['x5t#S256'] = thumbprint
      const value = await save.call(this)
      if (this.format === 'opaque' && this.grantId !== undefined && await deps.keyValue.get(spaceOf('Grant'), this.grantId) === undefined) {
        await deps.issued.revokeOpaque(this.kind, value)
        throw new errors.InvalidGrant('the grant was revoked meanwhile')
      }
      return value
    }
  }
}
