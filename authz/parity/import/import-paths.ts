import { isJsonObject, type Json } from '../../../kernel/index.ts'
import { ask, cannot, stated, type Finding } from './finding.ts'
import type { ImportSource, Metadata } from './source.ts'

/** Keys of `profile.paths` and the members that tell them; what is always there in a sandbox stands with the reason. */
const ENDPOINTS: ReadonlyArray<readonly [key: string, member: string, isAlwaysServed: boolean]> = [
  ['authorization', 'authorization_endpoint', true],
  ['token', 'token_endpoint', true],
  ['introspection', 'introspection_endpoint', true],
  ['revocation', 'revocation_endpoint', true],
  ['userinfo', 'userinfo_endpoint', true],
  ['jwks', 'jwks_uri', true],
  ['end_session', 'end_session_endpoint', true],
  ['pushed_authorization_request', 'pushed_authorization_request_endpoint', false],
  ['device_authorization', 'device_authorization_endpoint', false],
  ['backchannel_authentication', 'backchannel_authentication_endpoint', false],
  ['registration', 'registration_endpoint', false],
]

/** Where production's endpoints are: their paths, whatever host they are on. */
export function importPaths (source: ImportSource): Finding[] {
  const { metadata } = source
  return [
    ...importIssuer(metadata),
    ...ENDPOINTS.flatMap(([key, member, isAlwaysServed]) => importEndpoint(metadata, key, member, isAlwaysServed)),
    ...compareAliases(metadata),
    ...(metadata.has('device_authorization_endpoint') ? [ask('profile.paths.device_verification', 'the path of verification_uri in an answer of the device authorization endpoint (RFC 8628 §3.2)')] : []),
  ]
}

/** The issuer stays the sandbox's own: under production's name, every address in discovery would lead to production. */
function importIssuer (metadata: Metadata): Finding[] {
  const issuer = metadata.text('issuer')
  if (issuer === undefined) return [cannot('issuer', metadata.document['issuer'] ?? null, 'production names no issuer (RFC 8414 §2 requires one)')]
  const url = httpUrl(issuer)
  if (url === undefined) return [cannot('issuer', issuer, 'it is no http or https URL')]
  if (url.protocol !== 'https:' || url.search !== '' || issuer.includes('#')) return [cannot('issuer', issuer, 'a sandbox\'s issuer is https, without query and fragment')]
  const path = issuer.slice(url.origin.length)
  if (path !== '') return [ask('profile.issuer', `the sandbox's own origin with production's path behind it, https://<sandbox>${path}: iss and the place of discovery follow from it`)]
  return [ask('profile.issuer', `${issuer} only where clients reach the sandbox under production's own name (by DNS or a hosts file); otherwise leave it empty`)]
}

function importEndpoint (metadata: Metadata, key: string, member: string, isAlwaysServed: boolean): Finding[] {
  if (!metadata.has(member)) return isAlwaysServed ? [cannot(member, null, 'production advertises none; a sandbox always serves one')] : []
  const text = metadata.text(member)
  const url = text === undefined ? undefined : httpUrl(text)
  if (text === undefined || url === undefined) return [cannot(member, metadata.document[member] ?? null, 'it is no http or https URL')]
  const issuer = httpUrl(metadata.text('issuer') ?? '')
  const path = url.pathname.replace(/(?<=[^/])\/$/, '')
  return [
    stated(`profile.paths.${key}`, path, member, path === url.pathname ? '' : 'without the slash at its end'),
    ...(path === url.pathname ? [] : [cannot(member, url.pathname, 'a sandbox\'s paths have no slash at their end')]),
    ...(url.search === '' ? [] : [cannot(member, url.search, 'a sandbox\'s paths carry no query')]),
    ...(issuer === undefined || issuer.origin === url.origin ? [] : [cannot(member, url.origin, 'it is not on the issuer\'s host; a sandbox serves all endpoints on its own host, this one under the same path')]),
  ]
}

/** A sandbox makes the aliases itself, from the same paths on its mutual-TLS door (RFC 8705 §5). */
function compareAliases (metadata: Metadata): Finding[] {
  const aliases = metadata.document['mtls_endpoint_aliases']
  if (!isJsonObject(aliases)) return metadata.has('mtls_endpoint_aliases') ? [cannot('mtls_endpoint_aliases', aliases ?? null, 'it is no object')] : []
  return Object.entries(aliases).slice(0, 40).flatMap(([member, alias]): Finding[] => {
    const [url, main] = [httpUrl(alias), httpUrl(metadata.document[member])]
    if (url === undefined || main === undefined || url.pathname === main.pathname) return []
    return [cannot(`mtls_endpoint_aliases.${member}`, url.pathname, `a sandbox's mutual-TLS door serves it under the same path as the other door, ${main.pathname}`)]
  })
}

/** An http or https URL, undefined for anything else. */
export function httpUrl (value: Json | undefined): URL | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url : undefined
}
