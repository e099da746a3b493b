import { ask, cannot, implied, stated, type Finding } from './finding.ts'
import { importFlag } from './import-requests.ts'
import { cannotAll, type ImportSource, type Metadata } from './source.ts'

/** What production's answers and tokens can be: bound, encrypted, signed; and logout. */
export function importAnswers ({ metadata }: ImportSource): Finding[] {
  return [
    ...importFlag(metadata, 'profile.bind_tokens_to_certificates', 'tls_client_certificate_bound_access_tokens'),
    ...importEncryption(metadata),
    ...importSigned(metadata, 'profile.introspection_jwt', 'introspection_signing_alg_values_supported'),
    ...importSigned(metadata, 'profile.userinfo_jwt', 'userinfo_signing_alg_values_supported'),
    ...importFlag(metadata, 'profile.backchannel_logout', 'backchannel_logout_supported'),
    ...importAcr(metadata),
    ...(metadata.flag('authorization_response_iss_parameter_supported') === true ? [] : [cannot('authorization_response_iss_parameter_supported', metadata.document['authorization_response_iss_parameter_supported'] ?? null, 'a sandbox always sends iss with authorization responses (RFC 9207)')]),
  ]
}

const ENCRYPTION = /^(?:id_token|userinfo|authorization|introspection)_encryption_alg_values_supported$/
const KNOWN_KEY_MANAGEMENT = /^(?:dir|RSA-OAEP(?:-(?:256|384|512))?|ECDH-ES(?:\+A(?:128|192|256)KW)?|A(?:128|192|256)(?:GCM)?KW)$/

function importEncryption (metadata: Metadata): Finding[] {
  const members = Object.keys(metadata.document).filter((member) => ENCRYPTION.test(member) && (metadata.list(member) ?? []).length > 0)
  const [first] = members
  if (first === undefined) return [implied('profile.encryption', false, 'id_token_encryption_alg_values_supported', 'left out')]
  return [
    stated('profile.encryption', true, first),
    ...members.flatMap((member) => cannotAll(member, (metadata.list(member) ?? []).filter((alg) => !KNOWN_KEY_MANAGEMENT.test(alg)), 'a sandbox does not encrypt with it')),
  ]
}

function importSigned (metadata: Metadata, path: string, member: string): Finding[] {
  const isSigned = (metadata.list(member) ?? []).some((alg) => alg !== 'none')
  return [isSigned ? stated(path, true, member) : implied(path, false, member, metadata.has(member) ? 'unsigned only' : 'left out')]
}

/** Two names of production go to two keys; which is which, no metadata say. */
function importAcr (metadata: Metadata): Finding[] {
  const values = metadata.list('acr_values_supported') ?? []
  if (values.length === 0) return []
  const shown = values.slice(0, 8).map((value) => value.replace(/[^\x21-\x7e]/g, '?').slice(0, 100)).join(', ')
  return [ask('profile.acr', `which of production's names are for a sign-in with one factor (single_factor) and with more (multi_factor): ${shown}`)]
}
