import { CIBA, DEVICE_CODE } from '../../grant-types.ts'
import { ask, implied, stated, cannot, type Finding } from './finding.ts'
import { cannotAll, type ImportSource, type Metadata } from './source.ts'

const METHODS = 'token_endpoint_auth_methods_supported'

/** What clients are and how they get tokens: authentication, grants, subjects, registration. */
export function importClients (source: ImportSource): Finding[] {
  return [...importMethods(source), ...importGrants(source), ...importSubjects(source), ...importRegistration(source.metadata)]
}

function importMethods ({ metadata, rules }: ImportSource): Finding[] {
  const path = 'profile.client_authentication_methods'
  const methods = metadata.list(METHODS)
  if (methods === undefined) return [ask(path, 'production\'s documentation; where the metadata leave it out, RFC 8414 §2 means client_secret_basic alone')]
  const allowed = rules.allowedAt(path)
  const known = methods.filter((method) => allowed.includes(method))
  return [
    ...(known.length === 0 ? [ask(path, 'production\'s documentation; nothing that its metadata name is known')] : [stated(path, known, METHODS)]),
    ...cannotAll(METHODS, methods.filter((method) => !allowed.includes(method)), 'a sandbox does not know this client authentication'),
    ...['introspection', 'revocation'].flatMap((endpoint) => compareMethods(metadata, `${endpoint}_endpoint_auth_methods_supported`, methods)),
  ]
}

function compareMethods (metadata: Metadata, member: string, methods: readonly string[]): Finding[] {
  const others = metadata.list(member)
  const isSame = others === undefined || (others.length === methods.length && others.every((method) => methods.includes(method)))
  return isSame ? [] : [cannot(member, others, 'a sandbox\'s endpoints all take the methods of the token endpoint')]
}

const UNKNOWN_GRANTS: Readonly<Record<string, string>> = {
  implicit: 'a sandbox issues no token from the authorization endpoint (RFC 9700 §2.1.2)',
  password: 'a sandbox does not take passwords of users from clients (RFC 9700 §2.4)',
  device_code: `it is not a registered name; if it is the device grant, add ${DEVICE_CODE} to profile.grants`,
}

function importGrants ({ metadata, rules }: ImportSource): Finding[] {
  const path = 'profile.grants'
  const grants = metadata.list('grant_types_supported')
  if (grants === undefined) {
    const usual = ['client_credentials', 'authorization_code', 'refresh_token', ...(metadata.has('device_authorization_endpoint') ? [DEVICE_CODE] : []), ...(metadata.has('backchannel_authentication_endpoint') ? [CIBA] : [])]
    return [implied(path, usual, 'grant_types_supported', 'left out; from the endpoints'), ask(path, 'production\'s documentation; where the metadata leave it out, RFC 8414 §2 means authorization_code and implicit')]
  }
  const allowed = rules.allowedAt(path)
  const known = grants.filter((grant) => allowed.includes(grant))
  return [
    ...(known.length === 0 ? [ask(path, 'production\'s documentation; nothing that its metadata name is known')] : [stated(path, known, 'grant_types_supported')]),
    ...grants.filter((grant) => !allowed.includes(grant)).map((grant) => cannot('grant_types_supported', grant, Object.hasOwn(UNKNOWN_GRANTS, grant) ? UNKNOWN_GRANTS[grant] ?? '' : 'a sandbox does not know this grant')),
    ...(known.length === 0 || known.includes('refresh_token') ? [] : [ask('profile.grants', 'whether token responses carry a refresh_token, which the metadata do not name')]),
  ]
}

function importSubjects ({ metadata, rules }: ImportSource): Finding[] {
  const types = metadata.list('subject_types_supported')
  if (types === undefined) return []
  const allowed = rules.allowedAt('profile.subject_types')
  const known = types.filter((type) => allowed.includes(type))
  return [
    ...(known.length === 0 ? [] : [stated('profile.subject_types', known, 'subject_types_supported')]),
    ...cannotAll('subject_types_supported', types.filter((type) => !allowed.includes(type)), 'a sandbox does not know this subject type'),
  ]
}

function importRegistration (metadata: Metadata): Finding[] {
  if (!metadata.has('registration_endpoint')) return [implied('profile.registration', 'off', 'registration_endpoint', 'production has none')]
  return [
    stated('profile.registration', 'with_initial_token', 'registration_endpoint'),
    ask('profile.require_software_statement', 'production\'s documentation on registration; whose statements are trusted goes to profile.software_statement_jwks_file'),
  ]
}
