import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import t from 'tap'
import { findPython, runPython } from '../support/foreign-python.ts'
import { openForeignWorld } from '../support/foreign-world.ts'

const python = findPython(['authlib', 'requests'])
const options = python === undefined ? { skip: 'Python with Authlib and requests was not found; .ci/run installs it' } : {}
const REDIRECT_URI = 'https://client.example/callback'

/** A developer integrates with Python's Authlib, which knows nothing of us. */
t.test('Authlib', options, async (t) => {
  const { sandgate, caFile, register, explanationsOf } = await openForeignWorld(t)
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const web = { grant_types: ['client_credentials', 'authorization_code', 'refresh_token'], redirect_uris: [REDIRECT_URI], scope: 'openid offline_access profile email payments:read', headless_login: true }
  const clients = {
    basic: await register('client_secret_basic', web),
    post: await register('client_secret_post'),
    signer: { ...await register('private_key_jwt', { jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'k1', alg: 'ES256' }] } }), private_key: await exportPKCS8(privateKey) },
    sealer: await register('client_secret_jwt', { token_endpoint_auth_signing_alg: 'HS256' }),
  }
  const steps = await runPython(python ?? '', 'authlib_clients.py', { issuer: sandgate.publicUrl, ca_file: caFile, api: `${sandgate.publicUrl}/v1/customers`, redirect_uri: REDIRECT_URI, clients })

  t.test('refused, in the words of the RFCs: a wrong secret, an assertion for somebody else, without a signature, or sent twice, a scope of others', async (t) => {
    for (const name of ['wrong secret', 'wrong secret of an assertion', 'assertion for another audience', 'assertion without a signature']) t.match(steps[name], { error: /OAuthError: invalid_client/ }, name)
    t.same(steps['replayed assertion'], { value: [[200, null], [401, 'invalid_client']] }, 'RFC 7523 §3: the jti counts once')
    t.match(steps['scope of others'], { error: /OAuthError: invalid_scope/ })
  })

  t.test('a code does not count twice, nor with another verifier', async (t) => {
    t.match(steps['code again'], { error: /OAuthError: invalid_grant/ })
    t.match(steps['wrong verifier'], { error: /OAuthError: invalid_grant/ })
  })

  t.test('client_secret_basic, client_secret_post, client_secret_jwt and private_key_jwt give tokens that open the API', async (t) => {
    for (const name of ['basic', 'post', 'client_secret_jwt', 'private_key_jwt']) t.same(steps[name], { value: { scope: 'payments:read', type: 'Bearer', api: 200 } }, name)
  })

  t.test('authorization code with PKCE: the ID token holds against the published keys, for this client and this nonce only', async (t) => {
    t.match(steps['parameters of the answer'], { value: { iss: sandgate.publicUrl } }, 'RFC 9207')
    t.match(steps['claims'], { value: { iss: sandgate.publicUrl, aud: clients.basic.id, name: 'Amira Haddad', email: 'amira@example.test' } })
    t.match(steps['claims with another nonce'], { error: /nonce/ })
    t.match(steps['claims for another client'], { error: /aud/ })
    t.match(steps['userinfo'], { value: { name: 'Amira Haddad' } })
    t.same(steps['api'], { value: 200 })
  })

  t.test('a token is introspected, refreshed and revoked, and stops at once with its family', async (t) => {
    t.match(steps['life'], {
      value: {
        active: { active: true, client_id: clients.basic.id, scope: /payments:read/ },
        rotated: true,
        'refreshed api': 200,
        revocation: 200,
        after: { active: false },
        'api after': 401,
        'first refresh token again': /invalid_grant/,
      },
    })
  })

  t.test('the owner of the client reads why the assertion was refused', async (t) => {
    const [audience, algorithm, replay] = await explanationsOf(clients.signer.id)
    t.match(audience, 'elsewhere.example')
    t.match(algorithm, /none/)
    t.match(replay, /jti/)
  })
})
