import t from 'tap'
import { importProfile, writeFragment } from '../../../../authz/index.ts'
import { createProfileRules } from '../../../../cli/profile-rules.ts'
import { checkConfiguration } from '../../../../gateway/index.ts'
import { loadAccepted, writeTemporary } from '../../../support/config-files.ts'
import { discoveryDocument, discoveryNames } from '../../../support/discovery-documents.ts'

const rules = createProfileRules()
const importOf = (name: string) => importProfile({ metadata: discoveryDocument(name), keys: [], transport: [], notes: [] }, rules)

/** Members whose every value a sandbox has too, or that tell a client nothing it could miss. */
const SAYS_NOTHING_NEW = /_encryption_(?:alg|enc)_values_supported$|_signing_alg_values_supported$|_auth_methods_supported$|^(?:backchannel_logout_session_supported|require_request_uri_registration|prompt_values_supported|version|claim_types_supported|scopes_supported|claims_supported|backchannel_token_delivery_modes_supported|code_challenge_methods_supported|acr_values_supported|mtls_endpoint_aliases|issuer|response_modes_supported|request_parameter_supported|request_object_signing_alg_values_supported|authorization_response_iss_parameter_supported|device_authorization_endpoint|require_pushed_authorization_requests)$/

t.test('there are documents of many different servers', async (t) => {
  t.ok(discoveryNames.length >= 25, `${discoveryNames.length} documents`)
})

for (const name of discoveryNames) {
  t.test(`${name}: what is imported loads, and passes the check of the whole configuration`, async (t) => {
    const imported = importOf(name)
    const yaml = writeFragment(imported)
    const config = loadAccepted(yaml)
    t.doesNotThrow(() => checkConfiguration({ file: writeTemporary(`${name}.yaml`, yaml), environment: {} }))
    t.ok(imported.settings.length > 5, 'it says something')
    t.match(yaml, /# .*_(?:endpoint|supported)/, 'with the member that it came from')
    const token = URL.parse(String(discoveryDocument(name)['token_endpoint']))
    if (token !== null) t.equal(config.profile.paths.token, token.pathname.replace(/\/$/, ''), 'tokens are fetched at production\'s path')
  })

  t.test(`${name}: no member of the document is passed over in silence`, async (t) => {
    const { settings, unreproduced } = importOf(name)
    const told = [...settings, ...unreproduced].map(({ member }) => member).join(', ')
    const silent = Object.entries(discoveryDocument(name)).filter(([member, value]) => value !== null && value !== false && !told.includes(member) && !SAYS_NOTHING_NEW.test(member))
    t.strictSame(silent, [])
  })
}

t.test('what is known of single servers comes out', async (t) => {
  t.test('Google: device and JWT bearer grants, code_challenge plain and token endpoints on other hosts are told', async (t) => {
    const { settings, unreproduced } = importOf('google')
    t.strictSame(valueOf(settings, 'profile.grants'), ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer'])
    t.strictSame(valueOf(settings, 'profile.client_authentication_methods'), ['client_secret_post', 'client_secret_basic'])
    t.match(unreproduced, [{ member: 'token_endpoint', value: 'https://oauth2.googleapis.com' }, { member: 'introspection_endpoint', value: null }].map((one) => unreproduced.find(({ member, value }) => member === one.member && value === one.value) ?? one))
    t.ok(unreproduced.some(({ member, value }) => member === 'code_challenge_methods_supported' && String(value) === 'plain'))
    t.ok(unreproduced.some(({ member, value }) => member === 'token_endpoint' && value === 'https://oauth2.googleapis.com'))
  })
  t.test('Keycloak: an issuer with a path, and endpoints below it', async (t) => {
    const { settings, questions } = importOf('keycloak')
    t.equal(valueOf(settings, 'profile.paths.token'), '/auth/realms/academiccloud/protocol/openid-connect/token')
    t.notOk(settings.some(({ path }) => path === 'profile.issuer'))
    t.match(questions.find(({ path }) => path === 'profile.issuer'), { how: /https:\/\/<sandbox>\/auth\/realms\/academiccloud/ })
    t.equal(valueOf(settings, 'profile.signing_algorithm'), 'RS256', 'the default of OpenID Connect among many')
  })
  t.test('Auth0: keys under /.well-known, and what only a secret signs', async (t) => {
    const { settings, unreproduced } = importOf('auth0')
    t.equal(valueOf(settings, 'profile.paths.jwks'), '/.well-known/jwks.json')
    t.ok(unreproduced.some(({ member, value }) => member === 'id_token_signing_alg_values_supported' && String(value) === 'HS256'))
  })
  t.test('PingFederate: signed responses by their modes, and its own response mode told', async (t) => {
    const { settings, unreproduced } = importOf('pingfederate')
    t.equal(valueOf(settings, 'profile.signed_responses'), true)
    t.match(unreproduced.find(({ member }) => member === 'response_modes_supported'), { value: ['pi.flow'] })
    t.match(unreproduced.find(({ member, value }) => member === 'grant_types_supported' && value === 'implicit'), { why: /RFC 9700/ })
  })
  t.test('the Consumer Data Right: PAR is required, subjects are pairwise, a lone text counts as a list', async (t) => {
    const { settings, unreproduced, questions } = importOf('cdr-data-holder')
    t.equal(valueOf(settings, 'profile.pushed_authorization_requests'), 'required')
    t.strictSame(valueOf(settings, 'profile.subject_types'), ['pairwise'])
    t.strictSame(valueOf(settings, 'profile.response_types'), ['code id_token', 'code'])
    t.equal(valueOf(settings, 'profile.bind_tokens_to_certificates'), true)
    t.notOk(unreproduced.some(({ member }) => member === 'code_challenge_methods_supported'))
    t.ok(unreproduced.some(({ member }) => member === 'cdr_arrangement_revocation_endpoint'))
    t.match(questions.find(({ path }) => path === 'profile.security'), { how: /fapi-1-advanced/ })
    t.match(questions.find(({ path }) => path === 'profile.acr'), { how: /urn:cds\.au:cdr:2/ })
  })
  t.test('UK Open Banking: an address without a scheme is told and not used', async (t) => {
    const { settings, unreproduced } = importOf('uk-open-banking-ozone')
    t.notOk(settings.some(({ path }) => path === 'profile.paths.token'))
    t.match(unreproduced.find(({ member }) => member === 'token_endpoint'), { value: 'as1.obie.uk.ozoneapi.io/token', why: /no http or https URL/ })
    t.match(unreproduced.find(({ member }) => member === 'backchannel_token_delivery_modes_supported'), { value: ['push'] })
  })
  t.test('Naver: of two endpoints on one path the second is left out', async (t) => {
    const { settings, unreproduced } = importOf('naver')
    t.equal(valueOf(settings, 'profile.paths.token'), '/oauth2.0/token')
    t.notOk(settings.some(({ path }) => path === 'profile.paths.revocation'))
    t.match(unreproduced.find(({ member, why }) => member === 'revocation_endpoint' && why.includes('refuses')), { why: /the path of token too/ })
  })
  t.test('Facebook: where no response type can be had, none is written', async (t) => {
    const { settings } = importOf('facebook')
    t.notOk(settings.some(({ path }) => path === 'profile.response_types'))
  })
})

function valueOf (settings: ReadonlyArray<{ readonly path: string, readonly value: unknown }>, path: string): unknown {
  return settings.find((setting) => setting.path === path)?.value
}
