import type { Json } from '../../../kernel/index.ts'
import type { Severity } from '../drift.ts'

/** Both values of one fact; `where` tells which requests it was seen in. */
export interface Difference { readonly id: string, readonly production: Json, readonly sandbox: Json, readonly where: string }

/** How a difference in facts of some kind is judged and told. */
export interface Rule {
  readonly matches: RegExp
  /** The worst that a difference of this kind means; agreement counts as much. */
  readonly severity: Severity
  /** Where what was seen makes it less. */
  readonly grade?: (difference: Difference) => Severity
  readonly explain: (difference: Difference) => string
}

/** Shows a value in a sentence. */
export function tell (value: Json): string {
  if (value === null) return 'nothing'
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : (value as readonly Json[]).map(tell).join(', ')
  if (typeof value === 'object') return Object.entries(value).map(([name, member]) => `${name}: ${tell(member)}`).join('; ')
  return String(value)
}

const lastWord = (id: string): string => id.slice(id.indexOf('.', id.indexOf('.') + 1) + 1)
const isAbsent = (value: Json): boolean => value === null
const missingIn = (difference: Difference): readonly string[] => listOf(difference.production).filter((item) => !listOf(difference.sandbox).includes(item))
const extraIn = (difference: Difference): readonly string[] => listOf(difference.sandbox).filter((item) => !listOf(difference.production).includes(item))

function listOf (value: Json): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(tell) : value === null ? [] : [tell(value)]
}

/** A list in which the sandbox lacks something of production's stops clients; one that has more lets pass what production refuses. */
function gradeList (difference: Difference): Severity {
  return missingIn(difference).length > 0 ? 'breaking' : 'likely'
}

function tellList (what: string): (difference: Difference) => string {
  return (difference) => {
    const [missing, extra] = [missingIn(difference), extraIn(difference)]
    const lacks = missing.length === 0 ? [] : [`${what} lacks ${missing.join(', ')} in the sandbox: a client that uses it there fails.`]
    const adds = extra.length === 0 ? [] : [`${what} has ${extra.join(', ')} in the sandbox only: a client that uses it passes there and fails in production.`]
    return [...lacks, ...adds].join(' ')
  }
}

/** Worst is that one side does what it was asked for and the other refuses; two kinds of redirect (302, 303) are much the same. */
function gradeStatus ({ production, sandbox }: Difference): Severity {
  const [left, right] = [Number(production), Number(sandbox)]
  if ((left < 400) !== (right < 400)) return 'breaking'
  return left >= 300 && left < 400 && right >= 300 && right < 400 ? 'cosmetic' : 'likely'
}

/** Judged by the first rule that matches; the last matches anything. */
export const rules: readonly Rule[] = [
  { matches: /^error\.[^.]+\.failure$/, severity: 'breaking', explain: (d) => `Asked for ${d.where}, one side gives no HTTP answer.` },
  { matches: /^error\.[^.]+\.redirect$/, severity: 'breaking', explain: (d) => `For ${d.where}, one side redirects and the other does not, or to elsewhere: error handling runs in another place.` },
  { matches: /^error\.[^.]+\.status$/, severity: 'breaking', grade: gradeStatus, explain: (d) => `The status for ${d.where} is ${tell(d.production)} in production and ${tell(d.sandbox)} in the sandbox.` },
  { matches: /^error\.[a-z_]+_(?:get|head|put|patch|delete|options|post)\.(?:error|body|members|content_type)$/, severity: 'cosmetic', explain: (d) => `A client seldom sends ${d.where}, and seldom reads what comes back.` },
  { matches: /^error\.[^.]+\.error$/, severity: 'breaking', explain: (d) => `Clients branch on the error code. For ${d.where}, production answers ${tell(d.production)} and the sandbox ${tell(d.sandbox)}.` },
  { matches: /^error\.[^.]+\.body$/, severity: 'breaking', explain: (d) => `The body for ${d.where} is of another kind, so that parsing it fails on one side.` },
  { matches: /^error\.[^.]+\.members$/, severity: 'likely', grade: (d) => missingIn(d).length > 0 ? 'likely' : 'cosmetic', explain: (d) => `The answer to ${d.where} has other members.` },
  { matches: /^error\.[^.]+\.content_type$/, severity: 'likely', grade: (d) => typeBase(d.production) === typeBase(d.sandbox) ? 'cosmetic' : 'likely', explain: (d) => `The content type for ${d.where} differs.` },
  { matches: /^error\.[^.]+\.www_authenticate$/, severity: 'likely', explain: (d) => `Clients read the challenge to learn how to authenticate. For ${d.where}, ` },
  { matches: /^error\.[^.]+\.allow$/, severity: 'cosmetic', explain: (d) => `Allow differs for ${d.where}.` },
  { matches: /^error\.[^.]+\.description$/, severity: 'cosmetic', explain: (d) => `The text for ${d.where} differs: only people and brittle clients read it.` },
  { matches: /^metadata\.issuer$/, severity: 'breaking', explain: () => 'Clients must refuse metadata of another issuer (RFC 8414 §3.3).' },
  { matches: /^metadata\.documents$/, severity: 'breaking', grade: gradeList, explain: tellList('Discovery') },
  { matches: /^metadata\.documents_differ_in$/, severity: 'cosmetic', explain: () => 'The two documents of one side do not say the same.' },
  { matches: /^metadata\.(?:grant_types|response_types|response_modes|.*_auth_methods|code_challenge_methods|scopes|subject_types|.*_values|.*_alg_.*|claims|acr_values|authorization_details_types|backchannel_token_delivery_modes|prompt_values|claim_types|display_values|ui_locales|claims_locales|dpop_signing_alg_values)_supported$/, severity: 'breaking', grade: (d) => /claims_supported|scopes_supported|locales|display|acr|_enc_/.test(d.id) ? 'likely' : gradeList(d), explain: (d) => tellList(lastWord(`x.${d.id}`))(d) },
  { matches: /^metadata\.(?:.*_endpoint|jwks_uri)$/, severity: 'breaking', grade: (d) => isAbsent(d.sandbox) ? 'breaking' : 'likely', explain: tellEndpoint },
  { matches: /^metadata\.mtls_endpoint_aliases$/, severity: 'breaking', grade: (d) => isAbsent(d.sandbox) || isAbsent(d.production) ? 'breaking' : 'likely', explain: () => 'Clients of mutual TLS go to the aliases.' },
  { matches: /^metadata\.(?:require_|tls_client_certificate_bound)/, severity: 'breaking', explain: () => 'A client that does without it is refused on one side only.' },
  { matches: /^metadata\./, severity: 'likely', grade: (d) => /(?:_documentation|_uri|_url)$/.test(d.id) ? 'cosmetic' : 'likely', explain: () => 'The metadata differ.' },
  { matches: /^keys\.(?:algorithms|types)$/, severity: 'breaking', explain: () => 'A client that verifies signatures must know other keys.' },
  { matches: /^keys\.count$/, severity: 'cosmetic', explain: () => 'The key sets are of another size.' },
  { matches: /^keys\./, severity: 'likely', explain: () => 'Clients choose keys by these members.' },
  { matches: /^token\.(?:granted|refreshed)$/, severity: 'breaking', explain: () => 'A good request of the test client is answered on one side only.' },
  { matches: /^(?:userinfo|introspection)\.(?:status|format|failure)$/, severity: 'breaking', explain: () => 'A token in force is answered otherwise.' },
  { matches: /^token\.token_type$/, severity: 'breaking', grade: (d) => tell(d.production).toLowerCase() === tell(d.sandbox).toLowerCase() ? 'cosmetic' : 'breaking', explain: () => 'token_type differs.' },
  { matches: /^token\.expires_in$/, severity: 'likely', explain: () => 'Access tokens live for another time: refreshing and caching are not tested as they happen in production.' },
  { matches: /^token\.expires_in_agrees$/, severity: 'likely', explain: () => 'expires_in and exp − iat agree on one side only.' },
  { matches: /^token\.rotation$/, severity: 'breaking', explain: () => 'A client that does not keep the new refresh token is locked out where they rotate.' },
  { matches: /^(?:access_token|id_token)\.lifetime$/, severity: 'likely', explain: (d) => `exp − iat of the ${d.id.startsWith('id') ? 'ID token' : 'access token'} differs.` },
  { matches: /^(?:access_token|id_token)\.(?:format|header\.alg)$/, severity: 'breaking', explain: () => 'Whoever verifies these tokens must do it otherwise.' },
  { matches: /^(?:access_token|id_token)\.header\./, severity: 'likely', explain: (d) => `The token's header differs in ${lastWord(d.id).replace(/^header\./, '')}.` },
  { matches: /^(?:token\.members|access_token\.claims|id_token\.claims|introspection\.members|userinfo\.members)\./, severity: 'breaking', grade: gradeMember, explain: tellMember },
  { matches: /^authorization\./, severity: 'breaking', grade: gradeList, explain: () => 'The redirect back to the client differs.' },
  { matches: /^headers\.[^.]+\.(?:cache_control|retry_after|rate_limit|dpop_nonce)$/, severity: 'likely', explain: (d) => `Clients and caches act on ${headerName(d.id)}. It differs for ${d.where}.` },
  { matches: /^headers\./, severity: 'cosmetic', explain: (d) => `${headerName(d.id)} differs for ${d.where}.` },
  { matches: /^cors\.[^.]+\.(?:allow_origin|failure)$/, severity: 'breaking', explain: (d) => `A page in a browser may read ${d.where} on one side only.` },
  { matches: /^cors\.[^.]+\.(?:status|max_age|vary_origin)$/, severity: 'cosmetic', explain: (d) => `${lastWord(d.id)} differs for ${d.where}.` },
  { matches: /^cors\./, severity: 'likely', explain: (d) => `${lastWord(d.id)} differs for ${d.where}.` },
  { matches: /^tls\.[^.]+\.asks_for_certificate$/, severity: 'breaking', explain: () => 'One side asks for a client certificate in the handshake and the other does not.' },
  { matches: /^tls\.[^.]+\.versions$/, severity: 'breaking', grade: (d) => listOf(d.production).some((version) => listOf(d.sandbox).includes(version)) ? 'likely' : 'breaking', explain: () => 'Other versions of TLS are accepted.' },
  { matches: /^tls\.[^.]+\.alpn$/, severity: 'likely', explain: () => 'Another version of HTTP is chosen where both are offered.' },
  { matches: /^tls\./, severity: 'cosmetic', explain: (d) => `${lastWord(d.id)} differs.` },
  { matches: /^/, severity: 'likely', explain: () => 'It differs.' },
]

function typeBase (value: Json): string {
  return typeof value === 'string' ? value.split(';')[0] ?? '' : ''
}

function headerName (id: string): string {
  return lastWord(id).replaceAll('_', '-')
}

function tellEndpoint (difference: Difference): string {
  if (isAbsent(difference.sandbox)) return 'The sandbox has no such endpoint.'
  if (isAbsent(difference.production)) return 'The endpoint is in the sandbox only.'
  return 'The path differs, which clients notice that have it written down.'
}

/** A member that is missing, or of another type, is a fault in the client that reads it; one more is seldom. */
function gradeMember ({ production, sandbox }: Difference): Severity {
  if (isAbsent(production)) return 'cosmetic'
  return isAbsent(sandbox) ? 'likely' : 'breaking'
}

function tellMember (difference: Difference): string {
  const name = lastWord(difference.id)
  if (isAbsent(difference.production)) return `${name} is in the sandbox only (${tell(difference.sandbox)}): a client must not come to need it.`
  if (isAbsent(difference.sandbox)) return `${name} (${tell(difference.production)}) is missing in the sandbox.`
  return `${name} is of another type.`
}
