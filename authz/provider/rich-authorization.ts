import { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'

type Detail = Record<string, unknown> & { readonly type: string }

const DETAIL_BYTES_MAX = 4096
const DETAILS_MAX = 20

/**
 * Rich authorization requests (RFC 9396) of the profile's types. What was asked for and consented to goes into the grant, from
 * there into the access token and its introspection (§9); a token request may narrow it (§6), never widen it.
 */
export function buildRichAuthorization (types: readonly string[]): NonNullable<NonNullable<Configuration['features']>['richAuthorizationRequests']> {
  if (types.length === 0) return { enabled: false }
  return {
    enabled: true,
    types: Object.fromEntries(types.map((type) => [type, { validate: judgeDetail }])),
    authorizationDetailsForGrantSource: async (ctx) => grantedDetails(ctx),
    authorizationDetailsForAccessToken: async (ctx, _token, source) => narrowDetails(ctx, (source as { rar?: Detail[] } | undefined)?.rar),
    authorizationDetailsForIntrospection: async (_ctx, token) => (token as unknown as { rar?: Detail[] }).rar,
  }
}

async function judgeDetail (ctx: KoaContextWithOIDC, detail: unknown): Promise<void> {
  if (JSON.stringify(detail).length > DETAIL_BYTES_MAX) throw invalidDetails(`a member of authorization_details is longer than ${DETAIL_BYTES_MAX} characters`)
  const all = readDetails(ctx)
  if (all.length > DETAILS_MAX) throw invalidDetails(`authorization_details has more than ${DETAILS_MAX} members`)
}

/** Those of the request that the user's grant holds. */
function grantedDetails (ctx: KoaContextWithOIDC): Detail[] {
  const granted = (ctx.oidc.grant as unknown as { rar?: Detail[] } | undefined)?.rar ?? []
  return readDetails(ctx).filter((detail) => granted.some((other) => isSameDetail(other, detail)))
}

function narrowDetails (ctx: KoaContextWithOIDC, source: readonly Detail[] | undefined): Detail[] | undefined {
  const asked = readDetails(ctx)
  // A client that acts for itself asks for its own: there is nobody to consent (§3).
  if (source === undefined) return asked.length === 0 || ctx.oidc.params?.['grant_type'] !== 'client_credentials' ? undefined : asked
  if (asked.length === 0) return [...source]
  if (!asked.every((detail) => source.some((other) => isSameDetail(other, detail)))) throw invalidDetails('authorization_details ask for more than was granted')
  return asked
}

function readDetails (ctx: KoaContextWithOIDC): Detail[] {
  const text = ctx.oidc.params?.['authorization_details']
  return typeof text === 'string' ? JSON.parse(text) as Detail[] : []
}

function isSameDetail (a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical (value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1))
    : inner)
}

function invalidDetails (description: string): Error {
  const { InvalidAuthorizationDetails } = errors as unknown as { InvalidAuthorizationDetails: new (description: string) => Error }
  return new InvalidAuthorizationDetails(description)
}
