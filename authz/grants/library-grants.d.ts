/** The part that we use of oidc-provider's helpers for grants, which its published types leave out. */
declare module 'oidc-provider/lib/helpers/grants.js' {
  import type { AccessToken, Grant, KoaContextWithOIDC, Provider } from 'oidc-provider'

  interface DpopProof { readonly thumbprint: string }
  interface GrantSource { readonly scopes: Set<string>, readonly scope?: string, readonly resource?: string | string[], readonly resourceIndicators: Set<string>, readonly claims?: object }

  export function validateDpop (provider: Provider, ctx: KoaContextWithOIDC): Promise<DpopProof | undefined>
  export function checkDpopReplay (provider: Provider, ctx: KoaContextWithOIDC, proof: DpopProof, clientId: string, ErrorClass: new (message: string) => Error): Promise<void>
  export function checkDpopRequired (provider: Provider, ctx: KoaContextWithOIDC, proof: DpopProof | undefined): void
  export function checkMtlsCert (provider: Provider, ctx: KoaContextWithOIDC): string | undefined
  export function resolveAndApplyResource (provider: Provider, ctx: KoaContextWithOIDC, source: GrantSource, token: AccessToken, grant: Grant): Promise<string | undefined>
  export function validateClientScope (provider: Provider, ctx: KoaContextWithOIDC): Set<string>
  export function buildTokenResponse (provider: Provider, parts: { accessToken: string, expiresIn: number, scope?: string | undefined, tokenType: string, issuedTokenType?: string }): Record<string, unknown>
}
