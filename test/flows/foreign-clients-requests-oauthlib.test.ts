import t from 'tap'
import { findPython, runPython } from '../support/foreign-python.ts'
import { openForeignWorld } from '../support/foreign-world.ts'

const python = findPython(['requests_oauthlib', 'requests'])
const options = python === undefined ? { skip: 'Python with requests-oauthlib was not found; .ci/run installs it' } : {}
const REDIRECT_URI = 'https://client.example/callback'

/** A developer integrates with Python's requests-oauthlib, which knows nothing of us. */
t.test('requests-oauthlib', options, async (t) => {
  const { sandgate, sandbox, caFile, keep, register, explanationsOf } = await openForeignWorld(t)
  const web = await register('client_secret_basic', { grant_types: ['authorization_code', 'refresh_token'], redirect_uris: [REDIRECT_URI], scope: 'openid offline_access profile payments:read', headless_login: true })
  const certified = await register('tls_client_auth')
  const other = await register('tls_client_auth')
  const filesOf = (name: string, { id, certificate = '', private_key: key = '' }: typeof certified) => ({ id, cert_file: keep(`${name}.pem`, certificate), key_file: keep(`${name}.key`, key) })
  const steps = await runPython(python ?? '', 'requests_oauthlib_clients.py', {
    issuer: sandgate.publicUrl,
    ca_file: caFile,
    api: `${sandgate.publicUrl}/v1/customers`,
    mtls_api: `${sandgate.mtlsUrl}/v1/customers`,
    clock: `${sandgate.publicUrl}/sandbox/clock/advance`,
    sandbox_key: sandbox.key.reveal(),
    redirect_uri: REDIRECT_URI,
    web,
    certified: filesOf('certified', certified),
    other: filesOf('other', other),
  })

  t.test('what is refused is told as the library expects it: each is its own exception', async (t) => {
    for (const [name, error] of [
      ['wrong secret', /InvalidClientError/],
      ['replayed code', /InvalidGrantError/],
      ['forged state', /MismatchingStateError/],
      ['denied', /AccessDeniedError/],
      ['locked', /AccessDeniedError/],
      ['plain challenge', /invalid_request.*code_challenge_method/],
    ] as const) t.match(steps[name], { error }, name)
  })

  t.test('authorization code with PKCE gives a token for the API and userinfo', async (t) => {
    t.same(steps['whole flow'], { value: { type: 'Bearer', scope: ['openid', 'offline_access', 'profile', 'payments:read'], api: 200, name: 'Amira Haddad' } })
  })

  t.test('a token that the sandbox\'s clock has passed is renewed by itself, once; the former refresh token ends the family', async (t) => {
    t.match(steps['renewal'], { value: { fresh: 200, aged: 401, renewed: 200, updates: 1, rotated: true, 'former refresh token': /invalid_grant/, family: 401 } })
  })

  t.test('a certificate authenticates the client and binds the token: with another one, or none, the token opens nothing', async (t) => {
    t.match(steps['certificate'], { value: { 'own certificate': 200, 'other certificate': [401, /error="invalid_token"/], 'public door': [401, /error="invalid_token"/] } })
    for (const name of ['token with another certificate', 'token without a certificate', 'token at the public door']) t.match(steps[name], { error: /InvalidClientError/ }, name)
  })

  t.test('the owner reads the cause of each', async (t) => {
    const causes = async (id: string) => (await explanationsOf(id)).map((explanation) => (JSON.parse(explanation) as { readonly code: string }).code)
    t.same(await causes(web.id), ['client_secret_mismatch', 'grant_artifact_replayed', 'token_expired', 'refresh_token_reused', 'token_revoked'])
    t.same(await causes(certified.id), ['token_binding_mismatch', 'token_binding_mismatch', 'client_certificate_subject_mismatch', 'certificate_missing', 'client_certificate_missing'])
  })
})
