import type { Json } from '../../../kernel/index.ts'
import { ask, cannot, type Finding } from './finding.ts'
import { cannotAll, type ImportSource, type Metadata } from './source.ts'

/** Members that other files of this folder read. */
const READ = /^(?:issuer|jwks_uri|(?:authorization|token|introspection|revocation|userinfo|end_session|pushed_authorization_request|device_authorization|backchannel_authentication|registration)_endpoint|mtls_endpoint_aliases|(?:id_token|userinfo|authorization|introspection)_(?:signing|encryption)_alg_values_supported|(?:token|introspection|revocation)_endpoint_auth_methods_supported|grant_types_supported|subject_types_supported|code_challenge_methods_supported|require_pushed_authorization_requests|require_signed_request_object|request_parameter_supported|request_uri_parameter_supported|request_object_signing_alg_values_supported|response_(?:types|modes)_supported|dpop_signing_alg_values_supported|authorization_details_types_supported|claims_parameter_supported|tls_client_certificate_bound_access_tokens|backchannel_logout_supported|acr_values_supported|authorization_response_iss_parameter_supported|claims_supported|scopes_supported|backchannel_token_delivery_modes_supported|backchannel_user_code_parameter_supported|claim_types_supported)$/

/** Members in which a sandbox is no less than production, or that say nothing to a client. */
const COVERED = /^(?:(?:id_token|userinfo|authorization|introspection|request_object)_encryption_(?:alg|enc)_values_supported|(?:token|introspection|revocation)_endpoint_auth_signing_alg_values_supported|backchannel_authentication_request_signing_alg_values_supported|backchannel_logout_session_supported|require_request_uri_registration|prompt_values_supported|op_policy_uri|op_tos_uri|service_documentation|version)$/

const KNOWN: ReadonlyArray<readonly [pattern: RegExp, why: string]> = [
  [/^frontchannel_logout/, 'a sandbox tells clients of a logout by back channel only'],
  [/^(?:check_session_iframe|http_logout_supported)$/, 'a sandbox has no session management by iframe'],
  [/^(?:ui_locales_supported|claims_locales_supported|display_values_supported)$/, 'the pages of a sandbox are in one language and one form'],
  [/^token_revocation_endpoint$/, 'it is not a registered member; if it is the revocation endpoint (RFC 7009), set profile.paths.revocation to its path'],
  [/^signed_metadata$/, 'a sandbox does not sign its metadata'],
  [/^(?:nfv_token|ping_|kerberos_|cloud_|msgraph_|rbac_|tenant_|microsoft_)/, 'it belongs to production\'s product'],
  [/_endpoint$/, 'a sandbox has no such endpoint'],
]

/** Everything else that the document says: what it means for a sandbox, or that it is not known. */
export function listRest ({ metadata, rules }: ImportSource): Finding[] {
  const others = Object.entries(metadata.document).filter(([member, value]) => !READ.test(member) && !COVERED.test(member) && value !== null && value !== false)
  return [
    ...listClaims(metadata),
    ...listScopes(metadata),
    ...listBackchannel(metadata),
    ...cannotAll('claim_types_supported', (metadata.list('claim_types_supported') ?? []).filter((type) => type !== 'normal'), 'the claims of a sandbox are normal ones'),
    ...others.map(([member, value]) => cannot(member, summarize(value), explain(member))),
    ...askForRest(metadata, rules.defaultAt),
  ]
}

function explain (member: string): string {
  return KNOWN.find(([pattern]) => pattern.test(member))?.[1] ?? 'a sandbox does not know this member'
}

const LENGTH_MAX = 160
const ITEMS_MAX = 12

/** A value short enough to be shown. */
function summarize (value: Json): Json {
  if (typeof value === 'string') return value.slice(0, LENGTH_MAX)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).slice(0, ITEMS_MAX).map((item) => typeof item === 'object' ? '…' : summarize(item))
  return `an object with ${Object.keys(value).slice(0, ITEMS_MAX).join(', ')}`
}

/** What the tokens of a sandbox can say of a token and of a test user (OpenID Connect Core §2, §5.1). */
const CLAIMS = new Set(['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'azp', 'nonce', 'auth_time', 'acr', 'amr', 'at_hash', 'c_hash', 's_hash', 'sid', 'cnf', 'client_id', 'scope', 'name', 'preferred_username', 'email', 'email_verified'])

function listClaims (metadata: Metadata): Finding[] {
  return cannotAll('claims_supported', (metadata.list('claims_supported') ?? []).filter((claim) => !CLAIMS.has(claim)), 'a test user has no such claims unless they are given to it')
}

const SCOPES = new Set(['openid', 'offline_access', 'profile', 'email'])

function listScopes (metadata: Metadata): Finding[] {
  const scopes = (metadata.list('scopes_supported') ?? []).filter((scope) => !SCOPES.has(scope))
  if (scopes.length === 0) return []
  const shown = scopes.slice(0, ITEMS_MAX).map((scope) => scope.replace(/[^\x21-\x7e]/g, '?').slice(0, 60)).join(' ')
  return [ask('apis', `scopes belong to the sandboxed APIs: ${shown}${scopes.length > ITEMS_MAX ? ` and ${scopes.length - ITEMS_MAX} more` : ''}`)]
}

function listBackchannel (metadata: Metadata): Finding[] {
  const modes = (metadata.list('backchannel_token_delivery_modes_supported') ?? []).filter((mode) => !['poll', 'ping'].includes(mode))
  return [
    ...cannotAll('backchannel_token_delivery_modes_supported', modes, 'a sandbox delivers by poll and ping (CIBA Core §5)'),
    ...(metadata.flag('backchannel_user_code_parameter_supported') === true ? [cannot('backchannel_user_code_parameter_supported', true, 'the test users of a sandbox have no user codes')] : []),
  ]
}

const USER = ['authorization_endpoint']

/** Keys that no metadata tell: where they show. Left out where production has not what they are about. */
const QUESTIONS: ReadonlyArray<readonly [path: string, how: string, anyOf: readonly string[]]> = [
  ['profile.security', 'production\'s documentation: FAPI has rules beyond what the metadata tell', []],
  ['profile.lifetimes.access_token', 'expires_in of a token response, or exp − iat of an access token', []],
  ['profile.lifetimes.id_token', 'exp − iat of an ID token', USER],
  ['profile.lifetimes.refresh_token', 'refresh_expires_in or refresh_token_expires_in of a token response where there is one, otherwise production\'s documentation', USER],
  ['profile.lifetimes.authorization_code', 'production\'s documentation, or by waiting: redeem a code after 30 seconds, after a minute, after ten', USER],
  ['profile.lifetimes.pushed_request', 'expires_in of an answer of the pushed authorization request endpoint', ['pushed_authorization_request_endpoint']],
  ['profile.lifetimes.device_code', 'expires_in of an answer of the device authorization endpoint', ['device_authorization_endpoint']],
  ['profile.lifetimes.backchannel_request', 'expires_in of an answer of the backchannel authentication endpoint', ['backchannel_authentication_endpoint']],
  ['profile.poll_interval', 'interval in answers of the device authorization or backchannel authentication endpoint', ['device_authorization_endpoint', 'backchannel_authentication_endpoint']],
  ['profile.lifetimes.session', 'production\'s documentation, or by waiting: when prompt=none is first answered with login_required', USER],
  ['profile.refresh_token_rotation', 'true where refreshing gives another refresh token and the old one is refused (sandgate parity check does)', USER],
]

function askForRest (metadata: Metadata, defaultAt: ImportSource['rules']['defaultAt']): Finding[] {
  return QUESTIONS
    .filter(([path, , anyOf]) => defaultAt(path) !== undefined && (anyOf.length === 0 || anyOf.some((member) => metadata.has(member))))
    .map(([path, how]) => ask(path, path === 'profile.security' ? `${how}${hintOfSecurity(metadata)}` : how))
}

/** What the demands of production look like; a hint, because a profile is a promise and no metadata make it. */
function hintOfSecurity (metadata: Metadata): string {
  const methods = metadata.list('token_endpoint_auth_methods_supported') ?? []
  const isStrong = methods.length > 0 && methods.every((method) => ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'].includes(method))
  if (!isStrong) return ''
  const isPushed = metadata.flag('require_pushed_authorization_requests') === true
  const types = metadata.list('response_types_supported') ?? []
  return isPushed && !types.some((type) => type !== 'code') ? '; its demands look like fapi-2-security' : '; its demands look like fapi-1-advanced'
}
