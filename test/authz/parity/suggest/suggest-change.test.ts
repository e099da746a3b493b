import t from 'tap'
import { writeSuggestion } from '../../../../authz/index.ts'
import type { Drift, Suggestion } from '../../../../authz/parity/drift.ts'
import { PROFILE_VALUES, RESERVED_PATHS } from '../../../../authz/parity/suggest/profile-values.ts'
import { suggestChange } from '../../../../authz/parity/suggest/suggest-change.ts'
import { createProfileRules } from '../../../../cli/profile-rules.ts'
import type { Json } from '../../../../kernel/index.ts'
import { loadAccepted } from '../../../support/config-files.ts'

const rules = createProfileRules()

function suggest (id: string, production: Json, sandbox: Json): Suggestion | undefined {
  const drift: Drift = { id, area: id.split('.')[0] ?? '', severity: 'likely', production, sandbox, explanation: '' }
  return suggestChange(drift)
}

t.test('what configuration cannot close gets no suggestion', async (t) => {
  const rows: ReadonlyArray<readonly [id: string, production: Json, sandbox: Json]> = [
    ['metadata.issuer', 'another issuer', 'the issuer'],
    ['metadata.documents', ['openid-configuration'], ['openid-configuration', 'oauth-authorization-server']],
    ['metadata.token_endpoint', '<host>/.well-known/openid-configuration', '<host>/oauth/token'],
    ['metadata.jwks_uri', '<host>/sandbox/jwks', '<host>/oauth/jwks'],
    ['metadata.token_endpoint', '<host>/', '<host>/oauth/token'],
    ['metadata.token_endpoint', '<host>/a/../b', '<host>/oauth/token'],
    ['metadata.token_endpoint', '<host>/a b?c', '<host>/oauth/token'],
    ['metadata.token_endpoint', ['<host>/t'], '<host>/oauth/token'],
    ['metadata.introspection_endpoint', null, '<host>/oauth/introspect'],
    ['metadata.kerberos_endpoint', '<host>/k', null],
    ['metadata.grant_types_supported', ['password'], ['client_credentials']],
    ['metadata.grant_types_supported', ['client_credentials', 'password'], ['client_credentials']],
    ['metadata.grant_types_supported', null, ['client_credentials']],
    ['metadata.id_token_signing_alg_values_supported', ['HS256'], ['RS256']],
    ['metadata.id_token_signing_alg_values_supported', ['HS256', 'RS256'], ['RS256']],
    ['metadata.response_modes_supported', ['query'], ['query', 'form_post']],
    ['metadata.dpop_signing_alg_values_supported', ['ES256'], ['ES256', 'PS256']],
    ['metadata.claims_supported', ['sub'], ['sub', 'name']],
    ['metadata.authorization_details_types_supported', ['a b'], []],
    ['token.expires_in', null, 3600],
    ['token.expires_in', 0, 3600],
    ['token.expires_in', 1.5, 3600],
    ['token.expires_in', { 'tokens of the client itself': 60, 'tokens for a code': 90 }, 3600],
    ['token.members.scope', null, 'string'],
    ['access_token.format', 'encrypted JWT', 'JWT'],
    ['access_token.header.alg', 'HS256', 'RS256'],
    ['access_token.claims.cnf', null, 'object {jkt}'],
    ['keys.types', ['RSA 1024'], ['RSA 2048']],
    ['keys.types', ['EC P-256'], ['RSA 2048']],
    ['keys.types', ['RSA 2048'], ['EC P-256']],
    ['keys.types', ['RSA 2048', 'RSA 4096'], ['RSA 2048']],
    ['keys.algorithms', ['ES256', 'RS256'], ['ES256']],
    ['tls.issuer.versions', ['TLSv1.2'], ['TLSv1.2', 'TLSv1.3']],
    ['tls.issuer.versions', [], ['TLSv1.2', 'TLSv1.3']],
    ['tls.issuer.versions', ['TLSv1', 'TLSv1.1'], ['TLSv1.2']],
    ['tls.issuer.ciphers', ['ECDHE AES-CBC'], []],
    ['headers.token.rate_limit', null, ['ratelimit', 'ratelimit-policy']],
    ['headers.token.rate_limit', ['x-ratelimit-limit'], ['ratelimit', 'ratelimit-policy']],
    ['error.unknown_code.error', 'invalid_request', 'invalid_grant'],
    ['error.missing_pkce.error', 'invalid_request', 'invalid_grant'],
    ['cors.token_preflight.allow_origin', '*', 'the origin'],
    ['', null, null],
  ]
  for (const [id, production, sandbox] of rows) t.equal(suggest(id, production, sandbox), undefined, `${id} ${JSON.stringify(production)}`)
})

const closable: ReadonlyArray<readonly [id: string, production: Json, sandbox: Json, path: string, value: Json]> = [
  ['metadata.token_endpoint', '<host>/as/token.oauth2', '<host>/oauth/token', 'profile.paths.token', '/as/token.oauth2'],
  ['metadata.jwks_uri', '<host>/pf/JWKS', '<host>/oauth/jwks', 'profile.paths.jwks', '/pf/JWKS'],
  ['metadata.end_session_endpoint', '<host>/logout', '<host>/oauth/logout', 'profile.paths.end_session', '/logout'],
  ['metadata.pushed_authorization_request_endpoint', null, '<host>/oauth/par', 'profile.pushed_authorization_requests', 'off'],
  ['metadata.pushed_authorization_request_endpoint', '<host>/par', null, 'profile.pushed_authorization_requests', 'allowed'],
  ['metadata.pushed_authorization_request_endpoint', '<host>/par', '<host>/oauth/par', 'profile.paths.pushed_authorization_request', '/par'],
  ['metadata.registration_endpoint', null, '<host>/oauth/register', 'profile.registration', 'off'],
  ['metadata.registration_endpoint', '<host>/reg', null, 'profile.registration', 'with_initial_token'],
  ['metadata.require_pushed_authorization_requests', true, null, 'profile.pushed_authorization_requests', 'required'],
  ['metadata.require_pushed_authorization_requests', false, true, 'profile.pushed_authorization_requests', 'allowed'],
  ['metadata.grant_types_supported', ['authorization_code', 'refresh_token'], ['authorization_code'], 'profile.grants', ['authorization_code', 'refresh_token']],
  ['metadata.grant_types_supported', ['client_credentials', 'implicit'], ['authorization_code'], 'profile.grants', ['client_credentials']],
  ['metadata.token_endpoint_auth_methods_supported', ['private_key_jwt'], ['client_secret_basic', 'private_key_jwt'], 'profile.client_authentication_methods', ['private_key_jwt']],
  ['metadata.response_types_supported', ['code', 'code id_token'], ['code'], 'profile.response_types', ['code', 'code id_token']],
  ['metadata.subject_types_supported', ['pairwise'], ['pairwise', 'public'], 'profile.subject_types', ['pairwise']],
  ['metadata.id_token_signing_alg_values_supported', ['PS256'], ['ES256'], 'profile.signing_algorithm', 'PS256'],
  ['metadata.id_token_signing_alg_values_supported', ['ES256', 'HS256', 'RS256'], ['ES256'], 'profile', { signing_algorithm: 'RS256', more_signing_algorithms: ['ES256'] }],
  ['metadata.id_token_signing_alg_values_supported', ['ES256'], ['ES256', 'RS256'], 'profile', { signing_algorithm: 'ES256', more_signing_algorithms: [] }],
  ['metadata.authorization_details_types_supported', ['payment'], null, 'profile.authorization_details_types', ['payment']],
  ['metadata.authorization_details_types_supported', null, ['payment'], 'profile.authorization_details_types', []],
  ['metadata.require_signed_request_object', true, false, 'profile.request_objects', 'required'],
  ['metadata.request_parameter_supported', null, true, 'profile.request_objects', 'off'],
  ['metadata.request_parameter_supported', true, false, 'profile.request_objects', 'allowed'],
  ['metadata.response_modes_supported', ['query', 'query.jwt'], ['query'], 'profile.signed_responses', true],
  ['metadata.response_modes_supported', ['query'], ['jwt', 'query'], 'profile.signed_responses', false],
  ['metadata.authorization_signing_alg_values_supported', null, ['ES256'], 'profile.signed_responses', false],
  ['metadata.dpop_signing_alg_values_supported', null, ['ES256'], 'profile.dpop', 'off'],
  ['metadata.dpop_signing_alg_values_supported', ['ES256'], null, 'profile.dpop', 'allowed'],
  ['metadata.claims_parameter_supported', false, true, 'profile.claims_parameter', false],
  ['metadata.tls_client_certificate_bound_access_tokens', null, true, 'profile.bind_tokens_to_certificates', false],
  ['metadata.backchannel_logout_supported', null, true, 'profile.backchannel_logout', false],
  ['metadata.id_token_encryption_alg_values_supported', null, ['RSA-OAEP'], 'profile.encryption', false],
  ['metadata.introspection_signing_alg_values_supported', ['ES256'], null, 'profile.introspection_jwt', true],
  ['metadata.userinfo_signing_alg_values_supported', ['none'], ['ES256'], 'profile.userinfo_jwt', false],
  ['token.expires_in', 300, 3600, 'profile.lifetimes.access_token', '5m'],
  ['token.expires_in', 3599, 3600, 'profile.lifetimes.access_token', '3599s'],
  ['token.expires_in', 86_400, 3600, 'profile.lifetimes.access_token', '1d'],
  ['access_token.lifetime', 7200, 3600, 'profile.lifetimes.access_token', '2h'],
  ['id_token.lifetime', 600, 3600, 'profile.lifetimes.id_token', '10m'],
  ['token.rotation', false, true, 'profile.refresh_token_rotation', false],
  ['access_token.format', 'opaque', 'JWT', 'apis[0].token_format', 'opaque'],
  ['access_token.format', 'JWT', 'opaque', 'apis[0].token_format', 'jwt'],
  ['access_token.header.alg', 'PS256', 'ES256', 'profile.signing_algorithm', 'PS256'],
  ['id_token.header.alg', 'RS256', 'ES256', 'profile.signing_algorithm', 'RS256'],
  ['access_token.claims.cnf', 'object {x5t#S256}', null, 'profile.bind_tokens_to_certificates', true],
  ['access_token.claims.cnf', null, 'object {x5t#S256}', 'profile.bind_tokens_to_certificates', false],
  ['keys.types', ['RSA 4096'], ['RSA 2048'], 'profile.rsa_key_bits', 4096],
  ['keys.types', ['RSA 3072'], ['EC P-256'], 'profile.rsa_key_bits', 3072],
  ['keys.algorithms', ['RS256'], ['ES256'], 'profile.signing_algorithm', 'RS256'],
  ['error.missing_pkce.error', null, 'invalid_request', 'profile.pkce', 'allowed'],
  ['error.missing_pkce.error', 'invalid_request', null, 'profile.pkce', 'required'],
  ['error.malformed_dpop.error', 'use_dpop_nonce', 'invalid_dpop_proof', 'profile.dpop_nonces', 'required'],
  ['error.malformed_dpop.error', 'invalid_dpop_proof', 'use_dpop_nonce', 'profile.dpop_nonces', 'off'],
  ['headers.token.dpop_nonce', true, false, 'profile.dpop_nonces', 'required'],
  ['headers.token.rate_limit', ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'], ['ratelimit', 'ratelimit-policy'], 'limits.headers', 'legacy'],
  ['headers.token.rate_limit', ['ratelimit', 'ratelimit-limit', 'ratelimit-policy'], ['ratelimit', 'ratelimit-policy'], 'limits.headers', 'both'],
  ['headers.token.rate_limit', ['ratelimit', 'ratelimit-policy'], ['ratelimit-limit'], 'limits.headers', 'draft'],
  ['tls.issuer.versions', ['TLSv1.3'], ['TLSv1.2', 'TLSv1.3'], 'tls.minimum_version', 'TLSv1.3'],
  ['tls.mtls.versions', ['TLSv1.2', 'TLSv1.3'], ['TLSv1.3'], 'tls.minimum_version', 'TLSv1.2'],
]

t.test('what configuration can close gets the key and the value that close it', async (t) => {
  for (const [id, production, sandbox, path, value] of closable) {
    const suggestion = suggest(id, production, sandbox)
    t.match(suggestion, { path, value }, `${id} ${JSON.stringify(production)}`)
    t.strictSame(suggestion?.value, value, 'exactly')
  }
})

t.test('every suggested value is one that the configuration takes', async (t) => {
  for (const [id, production, sandbox] of closable) {
    const { path = '', value = null } = suggest(id, production, sandbox) ?? {}
    t.strictSame(rules.judge([{ path, value }]), [], `${path}: ${JSON.stringify(value)}`)
  }
})

t.test('a suggestion as YAML loads as it stands, and sets just its key', async (t) => {
  for (const [id, production, sandbox, path] of closable.filter(([, , , at]) => !at.includes('['))) {
    const suggestion = suggest(id, production, sandbox)
    const yaml = suggestion === undefined ? '' : writeSuggestion(suggestion)
    t.doesNotThrow(() => loadAccepted(yaml), `${id}: ${path}`)
    t.match(yaml, new RegExp(`^${path.split('.')[0] ?? ''}:`, 'm'))
  }
  t.equal(writeSuggestion({ path: 'profile.lifetimes.access_token', value: '5m', note: '' }), 'profile:\n  lifetimes:\n    access_token: "5m"')
  t.equal(writeSuggestion({ path: 'profile', value: { signing_algorithm: 'RS256', more_signing_algorithms: ['ES256'] }, note: 'Look.' }), '# Look.\nprofile:\n  signing_algorithm: RS256\n  more_signing_algorithms: [ES256]')
  t.equal(writeSuggestion({ path: 'apis[0].token_format', value: 'opaque', note: '' }), '# in apis[0]:\ntoken_format: opaque')
})

t.test('the values that suggestions know are those of the configuration', async (t) => {
  t.same([...PROFILE_VALUES.algorithms].sort(), [...rules.allowedAt('profile.signing_algorithm')].sort())
  t.same([...PROFILE_VALUES.methods].sort(), [...rules.allowedAt('profile.client_authentication_methods')].sort())
  t.same([...PROFILE_VALUES.grants].sort(), [...rules.allowedAt('profile.grants')].sort())
  t.same([...PROFILE_VALUES.responseTypes].sort(), [...rules.allowedAt('profile.response_types')].sort())
  t.same([...PROFILE_VALUES.subjectTypes].sort(), [...rules.allowedAt('profile.subject_types')].sort())
  for (const path of RESERVED_PATHS) t.not(rules.judge([{ path: 'profile.paths.token', value: `${path}/token` }]).length, 0, `${path} is taken`)
})
