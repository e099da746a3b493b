import type { Json } from '../../../kernel/index.ts'
import { ask, cannot, implied, stated, type Finding } from './finding.ts'
import { cannotAll, type ImportSource, type Metadata } from './source.ts'

/** What authorization requests may and must be. */
export function importRequests (source: ImportSource): Finding[] {
  const { metadata } = source
  return [
    ...importPkce(metadata),
    ...importPushedRequests(metadata),
    ...importRequestObjects(metadata),
    ...importResponseTypes(source),
    ...importResponseModes(metadata),
    ...importDpop(metadata),
    ...importDetails(metadata),
    ...importFlag(metadata, 'profile.claims_parameter', 'claims_parameter_supported'),
  ]
}

/** A boolean member that means false where it is left out. */
export function importFlag (metadata: Metadata, path: string, member: string): Finding[] {
  const value = metadata.flag(member)
  return value === undefined ? [implied(path, false, member, 'left out'), ...malformed(metadata, member, 'true or false')] : [stated(path, value, member)]
}

function malformed (metadata: Metadata, member: string, expected: string): Finding[] {
  return metadata.has(member) ? [cannot(member, metadata.document[member] ?? null, `it is not ${expected}`)] : []
}

function importPkce (metadata: Metadata): Finding[] {
  const member = 'code_challenge_methods_supported'
  const methods = metadata.list(member) ?? []
  const unknown = methods.filter((method) => !['S256', 'plain'].includes(method))
  return [
    // RFC 8414 §2: left out, it means that PKCE is not known.
    ...(methods.length === 0 ? [implied('profile.pkce', 'allowed', member, 'left out: nothing says that production requires it')] : [ask('profile.pkce', 'allowed or required: send an authorization request without a code_challenge (sandgate parity check does)')]),
    ...(methods.length === 0 ? [cannot(member, null, 'a sandbox always takes and advertises S256')] : []),
    ...cannotAll(member, methods.filter((method) => method === 'plain'), 'a sandbox takes S256 only (RFC 9700 §2.1.1)'),
    ...cannotAll(member, unknown, 'a sandbox takes S256 only'),
  ]
}

function importPushedRequests (metadata: Metadata): Finding[] {
  const [path, member] = ['profile.pushed_authorization_requests', 'pushed_authorization_request_endpoint']
  if (metadata.flag('require_pushed_authorization_requests') === true) return [stated(path, 'required', 'require_pushed_authorization_requests')]
  return metadata.has(member) ? [stated(path, 'allowed', member)] : [implied(path, 'off', member, 'production has none')]
}

function importRequestObjects (metadata: Metadata): Finding[] {
  const path = 'profile.request_objects'
  const [flag, algorithms] = ['request_parameter_supported', 'request_object_signing_alg_values_supported']
  const isOffered = metadata.flag(flag) ?? (metadata.list(algorithms)?.some((alg) => alg !== 'none') === true)
  const byReference = metadata.flag('request_uri_parameter_supported') === true ? [cannot('request_uri_parameter_supported', true, 'a sandbox fetches no request objects: it takes them by value, or pushed')] : []
  if (metadata.flag('require_signed_request_object') === true) return [stated(path, 'required', 'require_signed_request_object'), ...byReference, ...weakRequestObjects(metadata, algorithms)]
  if (!isOffered) return [metadata.flag(flag) === false ? stated(path, 'off', flag) : implied(path, 'off', flag, 'left out'), ...byReference]
  return [stated(path, 'allowed', metadata.flag(flag) === undefined ? algorithms : flag), ...byReference, ...weakRequestObjects(metadata, algorithms)]
}

function weakRequestObjects (metadata: Metadata, member: string): Finding[] {
  const values = metadata.list(member) ?? []
  return cannotAll(member, values.filter((alg) => alg === 'none' || alg.startsWith('HS')), 'a sandbox takes request objects that a key has signed')
}

/** `id_token code` is `code id_token` (OAuth 2.0 Multiple Response Types §3). */
function importResponseTypes ({ metadata, rules }: ImportSource): Finding[] {
  const [path, member] = ['profile.response_types', 'response_types_supported']
  const types = metadata.list(member)
  if (types === undefined) return []
  const sorted = [...new Set(types.map((type) => type.split(' ').sort().join(' ')))]
  const allowed = rules.allowedAt(path)
  const known = sorted.filter((type) => allowed.includes(type))
  return [
    ...(known.length === 0 ? [] : [stated(path, known, member)]),
    ...cannotAll(member, sorted.filter((type) => !allowed.includes(type) && type !== 'none'), 'a sandbox hands out no tokens in a redirect (RFC 9700 §2.1.2)'),
    ...cannotAll(member, sorted.filter((type) => type === 'none'), 'a sandbox answers every authorization request with a code'),
  ]
}

function importResponseModes (metadata: Metadata): Finding[] {
  const [path, member, algorithms] = ['profile.signed_responses', 'response_modes_supported', 'authorization_signing_alg_values_supported']
  const modes = metadata.list(member) ?? []
  const signed = modes.filter((mode) => /(?:^|\.)jwt$/.test(mode))
  const others = modes.filter((mode) => !/^(?:query|fragment|form_post)$|(?:^|\.)jwt$/.test(mode))
  const setting = signed.length > 0 ? stated(path, true, member) : metadata.has(algorithms) ? stated(path, true, algorithms) : implied(path, false, member, 'no mode with jwt')
  return [setting, ...cannotAll(member, others, 'a sandbox does not know this response mode')]
}

function importDpop (metadata: Metadata): Finding[] {
  const member = 'dpop_signing_alg_values_supported'
  if (!metadata.has(member)) return [implied('profile.dpop', 'off', member, 'production has none')]
  return [
    stated('profile.dpop', 'allowed', member),
    ask('profile.dpop', 'required where a token request without a DPoP header is refused'),
    ask('profile.dpop_nonces', 'required where a DPoP proof without a nonce is answered with use_dpop_nonce (RFC 9449 §8)'),
  ]
}

const DETAIL_TYPE = /^[A-Za-z0-9._:/#-]{1,200}$/

function importDetails (metadata: Metadata): Finding[] {
  const member = 'authorization_details_types_supported'
  const types: readonly string[] = metadata.list(member) ?? []
  const value: Json = types.filter((type) => DETAIL_TYPE.test(type))
  return [
    types.length === 0 ? implied('profile.authorization_details_types', [], member, 'left out') : stated('profile.authorization_details_types', value, member),
    ...cannotAll(member, types.filter((type) => !DETAIL_TYPE.test(type)), 'names of types are letters, digits and . _ : / # - here'),
  ]
}
