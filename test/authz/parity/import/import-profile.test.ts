import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { importProfile, renderImport, renderImportJson, writeFragment } from '../../../../authz/index.ts'
import { createProfileRules } from '../../../../cli/profile-rules.ts'
import type { Json, JsonObject } from '../../../../kernel/index.ts'
import { loadAccepted, loadText } from '../../../support/config-files.ts'
import { discoveryDocument, discoveryNames } from '../../../support/discovery-documents.ts'

const rules = createProfileRules()
const ISSUER = { issuer: 'https://auth.example.com' }
const importOf = (metadata: JsonObject, keys: readonly JsonObject[] = []) => importProfile({ metadata, keys, transport: [], notes: [] }, rules)
const settingsOf = (metadata: JsonObject, keys: readonly JsonObject[] = []): Record<string, Json> => Object.fromEntries(importOf(metadata, keys).settings.map(({ path, value }) => [path, value]))
const keysOf = (name: string): JsonObject[] => (JSON.parse(readFileSync(new URL(`../../../fixtures/discovery/keys/${name}.json`, import.meta.url), 'utf8')) as { keys: JsonObject[] }).keys

t.test('a document cannot make the configuration read the environment or say something else than its values', async (t) => {
  const hostile = ['${SECRET}', '"\nproduction: true', ': #', '!!js/function x', '*alias', 'yes', '\u2028production: true', '0x10', 'a'.repeat(5000)] // eslint-disable-line no-template-curly-in-string -- what an attacker would write
  for (const [index, text] of hostile.entries()) {
    const yaml = writeFragment(importOf({ issuer: `https://${text}/`, token_endpoint: `https://auth.example.com/${text}`, authorization_details_types_supported: [text, 'payment'], grant_types_supported: [text], acr_values_supported: [text], scopes_supported: [text], [text]: text }))
    const config = loadAccepted(yaml)
    t.equal(config.production, false, `hostile text ${index}`)
    t.notMatch(yaml, /^production/m, `hostile text ${index}`)
  }
})

t.test('values that are of another type than the specification says are told, or passed over, and never stop the import', async (t) => {
  for (const wrong of [null, 0, true, 'text', '', [], [1, null, {}], {}, { issuer: [] }] as Json[]) {
    const document = Object.fromEntries([...new Set(discoveryNames.flatMap((name) => Object.keys(discoveryDocument(name))))].map((member) => [member, wrong]))
    t.equal(loadText(writeFragment(importOf(document))).kind, 'loaded', JSON.stringify(wrong))
  }
})

t.test('any JSON at all as a discovery document gives YAML that loads', async (t) => {
  const words = [...new Set(discoveryNames.flatMap((name) => Object.values(discoveryDocument(name)).flat()).filter((value) => typeof value === 'string'))]
  const members = [...new Set(discoveryNames.flatMap((name) => Object.keys(discoveryDocument(name))))]
  const paths = fc.constantFrom('/oauth/token', '/oauth/revoke', '/device', '/token', '/', '', '/.well-known/jwks.json', '/sandbox/x', '/unused/oauth/revoke', '/a//b', '/a/../b', '/a%20b', '/${HOME}', '/x?y=z', '/interaction') // eslint-disable-line no-template-curly-in-string -- what an attacker would write
  const address = fc.tuple(fc.constantFrom('https://auth.example.com', 'https://other.example.com:8443', 'http://localhost', 'https://${A}'), paths).map(([origin, path]) => `${origin}${path}`) // eslint-disable-line no-template-curly-in-string -- the same
  const value = fc.oneof(address, fc.constantFrom(...words), fc.array(fc.oneof(fc.constantFrom(...words), fc.string(), address)), fc.boolean(), fc.jsonValue(), fc.dictionary(fc.constantFrom(...members), address))
  const document = fc.oneof({ weight: 8, arbitrary: fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...members) }, fc.string()), value, { maxKeys: 40 }) }, { weight: 1, arbitrary: fc.dictionary(fc.string(), fc.jsonValue()) })
  const key = fc.record({ kty: fc.constantFrom('RSA', 'EC', 'OKP', 'x'), alg: fc.oneof(fc.constantFrom('RS256', 'ES256', 'none'), fc.jsonValue()), use: fc.constantFrom('sig', 'enc'), n: fc.oneof(fc.base64String(), fc.jsonValue()), crv: fc.oneof(fc.constantFrom('P-256', '__proto__', 'constructor'), fc.jsonValue()) }, { requiredKeys: [] })
  t.doesNotThrow(() => fc.assert(fc.property(document, fc.array(key, { maxLength: 3 }), (metadata, keys) => {
    const imported = importOf(metadata as JsonObject, keys as JsonObject[])
    const outcome = loadText(writeFragment(imported))
    if (outcome.kind === 'refused') throw new Error(outcome.problems.map(({ path, found }) => `${path}: ${found}`).join('\n'))
    renderImport(imported)
    JSON.parse(renderImportJson(imported))
  }), { numRuns: 100 }))
})

t.test('each member gives the key that it is about', async (t) => {
  const rows: ReadonlyArray<readonly [metadata: JsonObject, path: string, value: Json | undefined]> = [
    [{ token_endpoint: 'https://auth.example.com/as/token.oauth2' }, 'profile.paths.token', '/as/token.oauth2'],
    [{ token_endpoint: 'https://elsewhere.example.com/t' }, 'profile.paths.token', '/t'],
    [{ token_endpoint: 'https://auth.example.com/' }, 'profile.paths.token', undefined],
    [{ token_endpoint: 'https://auth.example.com/.well-known/openid-configuration' }, 'profile.paths.token', undefined],
    [{ token_endpoint_auth_methods_supported: ['private_key_jwt', 'attest_jwt_client_auth'] }, 'profile.client_authentication_methods', ['private_key_jwt']],
    [{ token_endpoint_auth_methods_supported: ['attest_jwt_client_auth'] }, 'profile.client_authentication_methods', undefined],
    [{}, 'profile.client_authentication_methods', undefined],
    [{ grant_types_supported: ['client_credentials', 'password'] }, 'profile.grants', ['client_credentials']],
    [{}, 'profile.grants', ['client_credentials', 'authorization_code', 'refresh_token']],
    [{ device_authorization_endpoint: 'https://auth.example.com/d', backchannel_authentication_endpoint: 'https://auth.example.com/b' }, 'profile.grants', undefined],
    [{ id_token_signing_alg_values_supported: ['PS256'] }, 'profile.signing_algorithm', 'PS256'],
    [{ id_token_signing_alg_values_supported: ['none', 'HS256', 'ES384'] }, 'profile.signing_algorithm', 'ES384'],
    [{ id_token_signing_alg_values_supported: ['ES384', 'RS256'] }, 'profile.signing_algorithm', 'RS256'],
    [{ id_token_signing_alg_values_supported: ['ES384', 'RS256'], userinfo_signing_alg_values_supported: ['PS512'] }, 'profile.more_signing_algorithms', ['ES384', 'PS512']],
    [{ id_token_signing_alg_values_supported: ['HS256'] }, 'profile.signing_algorithm', undefined],
    [{}, 'profile.pushed_authorization_requests', 'off'],
    [{ pushed_authorization_request_endpoint: 'https://auth.example.com/par' }, 'profile.pushed_authorization_requests', 'allowed'],
    [{ pushed_authorization_request_endpoint: 'https://auth.example.com/par', require_pushed_authorization_requests: true }, 'profile.pushed_authorization_requests', 'required'],
    [{}, 'profile.request_objects', 'off'],
    [{ request_parameter_supported: true }, 'profile.request_objects', 'allowed'],
    [{ request_object_signing_alg_values_supported: ['ES256'] }, 'profile.request_objects', 'allowed'],
    [{ request_object_signing_alg_values_supported: ['none'] }, 'profile.request_objects', 'off'],
    [{ request_parameter_supported: false, request_object_signing_alg_values_supported: ['ES256'] }, 'profile.request_objects', 'off'],
    [{ require_signed_request_object: true }, 'profile.request_objects', 'required'],
    [{ response_types_supported: ['id_token code', 'token'] }, 'profile.response_types', ['code id_token']],
    [{ response_types_supported: ['token'] }, 'profile.response_types', undefined],
    [{ response_modes_supported: ['query', 'query.jwt'] }, 'profile.signed_responses', true],
    [{ authorization_signing_alg_values_supported: ['ES256'] }, 'profile.signed_responses', true],
    [{ response_modes_supported: ['query'] }, 'profile.signed_responses', false],
    [{}, 'profile.dpop', 'off'],
    [{ dpop_signing_alg_values_supported: ['ES256'] }, 'profile.dpop', 'allowed'],
    [{ authorization_details_types_supported: ['payment', 'a b'] }, 'profile.authorization_details_types', ['payment']],
    [{ code_challenge_methods_supported: ['S256'] }, 'profile.pkce', undefined],
    [{}, 'profile.pkce', 'allowed'],
    [{ tls_client_certificate_bound_access_tokens: true }, 'profile.bind_tokens_to_certificates', true],
    [{}, 'profile.bind_tokens_to_certificates', false],
    [{ userinfo_encryption_alg_values_supported: ['RSA-OAEP'] }, 'profile.encryption', true],
    [{}, 'profile.encryption', false],
    [{ introspection_signing_alg_values_supported: ['ES256'] }, 'profile.introspection_jwt', true],
    [{ userinfo_signing_alg_values_supported: ['none'] }, 'profile.userinfo_jwt', false],
    [{ userinfo_signing_alg_values_supported: ['none', 'RS256'] }, 'profile.userinfo_jwt', true],
    [{ registration_endpoint: 'https://auth.example.com/reg' }, 'profile.registration', 'with_initial_token'],
    [{}, 'profile.registration', 'off'],
    [{ subject_types_supported: ['pairwise', 'ephemeral'] }, 'profile.subject_types', ['pairwise']],
    [{ backchannel_logout_supported: true }, 'profile.backchannel_logout', true],
    [{ claims_parameter_supported: 'yes' }, 'profile.claims_parameter', false],
  ]
  for (const [metadata, path, value] of rows) t.strictSame(settingsOf({ ...ISSUER, ...metadata })[path], value, `${JSON.stringify(metadata)}: ${path}`)
})

t.test('an endpoint that production lacks gets out of the way of one that it has', async (t) => {
  const settings = settingsOf({ ...ISSUER, token_endpoint: 'https://auth.example.com/oauth/revoke', device_authorization_endpoint: 'https://auth.example.com/device' })
  t.equal(settings['profile.paths.token'], '/oauth/revoke')
  t.equal(settings['profile.paths.revocation'], '/unused/oauth/revoke')
  t.equal(settings['profile.paths.device_authorization'], '/device')
  t.equal(settings['profile.paths.device_verification'], '/unused/device')
})

t.test('only an issuer that the sandbox could have is offered, and it is never set', async (t) => {
  for (const issuer of ['https://auth.example.com/x?y=1', 'http://auth.example.com', 'nonsense']) {
    const { settings, unreproduced, questions } = importOf({ issuer })
    t.notOk(settings.some(({ path }) => path === 'profile.issuer'), issuer)
    t.ok(unreproduced.some(({ member }) => member === 'issuer'), issuer)
    t.notOk(questions.some(({ path }) => path === 'profile.issuer'), issuer)
  }
  for (const [issuer, path] of [['https://auth.example.com/realms/x', '/realms/x'], ['https://auth.example.com/', '/']] as const) t.match(importOf({ issuer }).questions.find((question) => question.path === 'profile.issuer'), { how: `https://<sandbox>${path}` }, issuer)
  t.match(importOf(ISSUER).questions.find(({ path }) => path === 'profile.issuer'), { how: /only where clients reach the sandbox under production's own name/ })
})

t.test('keys tell algorithm and size', async (t) => {
  const [rsa, ec] = [keysOf('google'), keysOf('yahoo')]
  t.match(settingsOf(ISSUER, rsa), { 'profile.signing_algorithm': 'RS256', 'profile.rsa_key_bits': 2048 })
  t.match(settingsOf({ ...ISSUER, id_token_signing_alg_values_supported: ['RS256', 'ES256'] }, ec.filter(({ kty }) => kty === 'EC')), { 'profile.signing_algorithm': 'ES256', 'profile.more_signing_algorithms': ['RS256'] })
  t.equal(settingsOf(ISSUER, [{ kty: 'EC', crv: 'P-384' }])['profile.signing_algorithm'], 'ES384', 'by its curve')
  const small = importOf(ISSUER, ec.filter(({ kty }) => kty === 'RSA'))
  t.notOk(small.settings.some(({ path }) => path === 'profile.rsa_key_bits'))
  t.match(small.unreproduced.find(({ why }) => why.includes('rsa_key_bits')), { value: 1024, why: /2048/ })
  t.notMatch(JSON.stringify(importOf(ISSUER, [{ kty: 'RSA', n: 'AQAB', d: 'secret-exponent' }])), 'secret-exponent', 'a private key given by mistake goes nowhere')
})

t.test('TLS as seen gives the oldest version, and what a sandbox does otherwise', async (t) => {
  const seen = (versions: string[], asksForCertificate = false) => importProfile({ metadata: ISSUER, keys: [], notes: [], transport: [{ member: 'token_endpoint', host: 'auth.example.com', versions, cipher: 'x', key: 'y', asksForCertificate }] }, rules)
  const minimum = (versions: string[]): unknown => seen(versions).settings.find(({ path }) => path === 'tls.minimum_version')?.value
  t.equal(minimum(['TLSv1.3']), 'TLSv1.3')
  t.equal(minimum(['TLSv1.2', 'TLSv1.3']), 'TLSv1.2')
  t.equal(minimum(['TLSv1', 'TLSv1.2']), 'TLSv1.2')
  t.equal(minimum([]), undefined)
  t.ok(seen(['TLSv1', 'TLSv1.2']).unreproduced.some(({ why }) => why.includes('RFC 8996')))
  t.ok(seen(['TLSv1.3'], true).unreproduced.some(({ why }) => why.includes('asks for a certificate')))
  t.ok(seen([]).unreproduced.some(({ why }) => why.includes('no TLS handshake')))
})

t.test('what is left to people is asked for only where production has it', async (t) => {
  const paths = (metadata: JsonObject): string[] => importOf({ ...ISSUER, ...metadata }).questions.map(({ path }) => path)
  t.ok(paths({}).includes('profile.lifetimes.access_token'))
  t.notOk(paths({}).includes('profile.lifetimes.device_code'))
  t.ok(paths({ device_authorization_endpoint: 'https://auth.example.com/d' }).includes('profile.lifetimes.device_code'))
  t.notOk(paths({}).includes('profile.lifetimes.session'))
  t.ok(paths({ authorization_endpoint: 'https://auth.example.com/a' }).includes('profile.lifetimes.session'))
})

t.test('reports neither write control characters to a terminal nor break their JSON', async (t) => {
  const imported = importOf({ issuer: 'https://auth.example.com/\u001b[2J', 'x\u001b]0;y\u0007': ['\u001b[31m'], scopes_supported: ['\u202ebad'] })
  // eslint-disable-next-line no-control-regex -- that there are none is what is tested
  t.notMatch(renderImport(imported), /[\u0000-\u0009\u000b-\u001f\u202e]/)
  t.equal((JSON.parse(renderImportJson(imported)) as { yaml: string }).yaml, writeFragment(imported))
  // eslint-disable-next-line no-control-regex -- the same
  t.notMatch(writeFragment(imported), /[^\u0009\u000a\u0020-\u007e§]/)
})
