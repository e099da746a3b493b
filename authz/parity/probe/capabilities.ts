import type { JsonObject } from '../../../kernel/index.ts'
import { isJsonObject } from '../../../kernel/index.ts'
import type { LiveSide } from '../side.ts'

const ENDPOINTS: ReadonlyArray<readonly [name: string, member: string]> = [
  ['authorization', 'authorization_endpoint'], ['token', 'token_endpoint'], ['introspection', 'introspection_endpoint'],
  ['revocation', 'revocation_endpoint'], ['userinfo', 'userinfo_endpoint'], ['jwks', 'jwks_uri'], ['registration', 'registration_endpoint'],
  ['par', 'pushed_authorization_request_endpoint'], ['device', 'device_authorization_endpoint'], ['ciba', 'backchannel_authentication_endpoint'],
  ['end_session', 'end_session_endpoint'],
]

/** The addresses of a server's endpoints by their short names, as far as they are http or https URLs. */
export function listEndpoints (metadata: JsonObject): ReadonlyMap<string, string> {
  return new Map(ENDPOINTS.flatMap(([name, member]) => {
    const value = metadata[member]
    const url = typeof value === 'string' ? URL.parse(value) : null
    return url !== null && /^https?:$/.test(url.protocol) ? [[name, url.href] as const] : []
  }))
}

/** The same for `mtls_endpoint_aliases` (RFC 8705 §5). */
export function listAliases (metadata: JsonObject): ReadonlyMap<string, string> {
  const aliases = metadata['mtls_endpoint_aliases']
  return isJsonObject(aliases) ? listEndpoints(aliases) : new Map()
}

/** What a side can be asked about, in the words of `Probe.needs`. */
export function listCapabilities (side: LiveSide, metadata: JsonObject): ReadonlySet<string> {
  const { client } = side
  const words = (prefix: string, value: unknown): string[] => Array.isArray(value) ? value.filter((item) => typeof item === 'string').map((item) => `${prefix}:${item}`) : []
  return new Set([
    ...(new URL(side.issuer).protocol === 'https:' ? ['tls'] : []),
    ...[...listEndpoints(metadata).keys()].map((name) => `endpoint:${name}`),
    ...[...listAliases(metadata).keys()].map((name) => `alias:${name}`),
    ...Object.keys(metadata).slice(0, 200).map((name) => `member:${name}`),
    // RFC 8414 §2 names what holds when the members are left out.
    ...words('grant', metadata['grant_types_supported'] ?? ['authorization_code', 'implicit']),
    ...words('method', metadata['token_endpoint_auth_methods_supported'] ?? ['client_secret_basic']),
    ...(client === undefined ? [] : ['client', ...kindOf(client.auth.method), ...(client.redirectUri === undefined ? [] : ['client:redirect'])]),
  ])
}

function kindOf (method: string): string[] {
  if (method.startsWith('client_secret')) return ['client:secret']
  if (method === 'private_key_jwt') return ['client:key']
  return method === 'none' ? [] : ['client:certificate']
}
