import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import t, { type Test } from 'tap'
import type { JsonObject } from '../../kernel/index.ts'
import { splitMetadata } from '../../authz/index.ts'
import { basic, createClient, createFetch, postForm } from '../support/authz-client.ts'
import { openTestServer, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const server = await openTestServer({
  profile: { authorizationDetailsTypes: ['payment_initiation'] },
  deps: { outbound: { explainRefusal: (url) => url.includes('internal') ? 'that network is not for clients' : undefined, fetch: async () => { throw new Error('nothing is fetched here') } } },
})
t.teardown(server.close)

const jwkOf = (key: KeyObject): JsonObject => key.export({ format: 'jwk' }) as JWK
const EC = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
const create = async (metadata: JsonObject) => await server.authz.clients.create({ ...splitMetadata({ client_name: 'Metadata', scope: 'openid payments:read', redirect_uris: ['https://client.example/cb'], ...metadata }), sandboxId: SANDBOX_A })
const refuses = async (t: Test, metadata: JsonObject, message: RegExp, member?: string): Promise<void> => {
  await t.rejects(create(metadata), { name: 'ClientRefused', message, ...(member === undefined ? {} : { member }) }, JSON.stringify(metadata).slice(0, 120))
}

await t.test('what nobody knows is refused by its name, and so is what only the server may say', async (t) => {
  await refuses(t, { colour: 'red' }, /^colour is not known here/, 'colour')
  await refuses(t, { sandgate_secrets: { hashes: ['x'] } }, /^sandgate_secrets is not known/)
  await refuses(t, { sandgate_lifetimes: { accessTokenMs: 1 } }, /^sandgate_lifetimes is not known/)
  await refuses(t, { sandgate_origins: ['https://evil.example'] }, /^sandgate_origins is not known/)
  await refuses(t, JSON.parse('{"__proto__": {"client_id": "x"}}') as JsonObject, /__proto__ is not known/)
  for (const member of ['client_id', 'client_secret', 'client_secret_expires_at', 'client_id_issued_at', 'registration_access_token', 'registration_client_uri']) {
    await refuses(t, { [member]: 'x' }, new RegExp(`^${member} is chosen by the authorization server`), member)
  }
})

await t.test('metadata of a feature that the profile has off is not known', async (t) => {
  const lean = await openTestServer({ profile: { dpop: 'off', pushedAuthorizationRequests: 'off', requestObjects: 'off', signedResponses: false, encryption: false, introspectionJwt: false, userinfoJwt: false, backchannelLogout: false } })
  t.teardown(lean.close)
  for (const [member, value] of Object.entries({
    dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    require_signed_request_object: true,
    authorization_signed_response_alg: 'ES256',
    id_token_encrypted_response_alg: 'ECDH-ES',
    introspection_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'ES256',
    backchannel_logout_session_required: true,
    authorization_details_types: ['payment_initiation'],
  })) {
    await t.rejects(lean.authz.clients.create({ ...splitMetadata({ client_name: 'x', scope: 'openid', redirect_uris: ['https://client.example/cb'], jwks: { keys: [EC] }, [member]: value }), sandboxId: SANDBOX_A }), { name: 'ClientRefused', message: new RegExp(`^${member} is not known here`) }, member)
  }
})

await t.test('a member of another type, or a value that the profile does not have, is refused', async (t) => {
  await refuses(t, { redirect_uris: 'https://client.example/cb' }, /redirect_uris must be a list of strings/, 'redirect_uris')
  await refuses(t, { redirect_uris: [1] }, /redirect_uris must be a list/)
  await refuses(t, { scope: ['openid'] }, /scope must be a string/, 'scope')
  await refuses(t, { client_name: 'x'.repeat(201) }, /client_name must have at most/)
  await refuses(t, { jwks: [] }, /jwks must be a JSON Web Key Set/, 'jwks')
  await refuses(t, { dpop_bound_access_tokens: 'yes' }, /must be a boolean/)
  await refuses(t, { subject_type: 'secret' }, /subject_type must be/)
  await refuses(t, { default_max_age: -1 }, /default_max_age/)
  await refuses(t, { response_types: ['token'] }, /response_types/)
  await refuses(t, { id_token_signed_response_alg: 'RS512' }, /id_token_signed_response_alg must be/)
  await refuses(t, { id_token_signed_response_alg: 'none' }, /id_token_signed_response_alg must be/)
  await refuses(t, { authorization_details_types: ['other'] }, /authorization_details_types/)
  await refuses(t, { token_endpoint_auth_method: 'attest_jwt_client_auth' }, /token_endpoint_auth_method/)
  await refuses(t, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [EC] }, token_endpoint_auth_signing_alg: 'HS256' }, /token_endpoint_auth_signing_alg/)
  await refuses(t, { dpop_bound_access_tokens: true, tls_client_certificate_bound_access_tokens: true }, /only one proof of possession/)
  await refuses(t, { redirect_uris: ['https://client.example/cb#part'] }, /fragments/, 'redirect_uris')
})

await t.test('a public client acts for users alone', async (t) => {
  for (const grant of ['client_credentials', 'urn:openid:params:grant-type:ciba']) await refuses(t, { token_endpoint_auth_method: 'none', grant_types: ['authorization_code', grant] }, new RegExp(`cannot have the grant ${grant}`), 'grant_types')
  t.match(await create({ token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] }), { hasSecret: false })
})

await t.test('weak, private, symmetric and broken keys are refused', async (t) => {
  const rsa1024 = jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)
  const secp256k1 = jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)
  const ed448 = jwkOf(generateKeyPairSync('ed448').publicKey)
  const privateKey = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const withKey = (key: JsonObject): JsonObject => ({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } })
  await refuses(t, withKey(rsa1024), /jwks\.keys\[0\]: an RSA key of 1024 bits/, 'jwks')
  await refuses(t, withKey({ ...jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey), e: 'Ag' }), /public exponent 2/)
  await refuses(t, withKey(secp256k1), /curve secp256k1 is not accepted/)
  await refuses(t, withKey(ed448), /curve Ed448 is not accepted/)
  await refuses(t, withKey(privateKey), /must be a public key; never send d/)
  await refuses(t, withKey({ kty: 'oct', k: 'AAAA' }), /must be a public key/)
  await refuses(t, withKey({ kty: 'magic' }), /is no public key/)
  await refuses(t, withKey({ ...EC, x: 'AAAA' }), /is no public key/)
  await refuses(t, withKey({ ...EC, x5c: ['AAAA'] }), /x5c must be a list of certificates/)
  await refuses(t, withKey({ ...EC, x5c: [(await server.issueCertificate('other')).certificatePem.replace(/-----[^-]+-----|\s/g, '')] }), /certificate of another key/)
  await refuses(t, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [] } }, /1 to 16 keys/)
  await refuses(t, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: Array.from({ length: 17 }, () => EC) } }, /1 to 16 keys/)
})

await t.test('what this server would fetch must be fetchable, and where nothing is fetched nothing is taken', async (t) => {
  const lonely = await openTestServer()
  t.teardown(lonely.close)
  for (const member of ['jwks_uri', 'backchannel_logout_uri', 'sector_identifier_uri']) {
    await refuses(t, { [member]: 'https://internal.example/x' }, new RegExp(`^${member}: that network is not for clients`), member)
    await t.rejects(lonely.authz.clients.create({ ...splitMetadata({ client_name: 'x', scope: 'openid', redirect_uris: ['https://client.example/cb'], [member]: 'https://client.example/x' }), sandboxId: SANDBOX_A }), { message: /fetches nothing for clients/ })
  }
  await refuses(t, { grant_types: ['urn:openid:params:grant-type:ciba'], redirect_uris: [], response_types: [], backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'https://internal.example/x' }, /^backchannel_client_notification_endpoint: that network/)
  await refuses(t, { sector_identifier_uri: 'https://client.example/sectors.json', subject_type: 'pairwise' }, /could not load sector_identifier_uri/)
  await refuses(t, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://client.example/jwks.json', jwks: { keys: [EC] } }, /must not be used at the same time/)
})

await t.test('tls_client_auth takes exactly one name, which no other sandbox then gets', async (t) => {
  const tls = { token_endpoint_auth_method: 'tls_client_auth' }
  await refuses(t, tls, /requires one of the certificate subject/)
  await refuses(t, { ...tls, tls_client_auth_san_dns: 'a.example', tls_client_auth_subject_dn: 'CN=a' }, /only one/)
  await refuses(t, { ...tls, tls_client_auth_subject_dn: 'no name' }, /must be a distinguished name/)
  await refuses(t, { ...tls, tls_client_auth_san_dns: '*.example' }, /is not a DNS name/)
  await refuses(t, { ...tls, tls_client_auth_san_ip: 'localhost' }, /is not an IPv4/)
  await refuses(t, { tls_client_auth_subject_dn: 'CN=a' }, /is for token_endpoint_auth_method tls_client_auth/)
  await refuses(t, { tls_client_auth_san_dns: 'a.example' }, /tls_client_auth_san_dns is not known here, or means nothing for this client/)
  t.match(await create({ ...tls, tls_client_auth_san_dns: 'Shop.Example' }), { metadata: { tls_client_auth_san_dns: 'shop.example' } }, 'kept as certificates spell it')
  await t.rejects(server.authz.clients.create({ ...splitMetadata({ client_name: 'Thief', scope: 'openid', redirect_uris: ['https://client.example/cb'], ...tls, tls_client_auth_san_dns: 'shop.example' }), sandboxId: SANDBOX_B }), { message: /belongs to another sandbox/ })
})

await t.test('self_signed_tls_client_auth needs the certificate itself', async (t) => {
  await refuses(t, { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [EC] } }, /needs jwks with the certificate/)
  await refuses(t, { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks_uri: 'https://client.example/jwks' }, /needs jwks with the certificate/)
})

await t.test('origins are origins', async (t) => {
  for (const origin of ['https://app.example/', 'https://app.example/path', 'https://app.example:443', 'HTTPS://app.example', 'app.example', '*', 'null', 'ftp://app.example']) await refuses(t, { allowed_cors_origins: [origin] }, /must hold origins as browsers send them/, 'allowed_cors_origins')
  t.match(await create({ allowed_cors_origins: ['https://app.example', 'http://localhost:3000'] }), { allowedOrigins: ['https://app.example', 'http://localhost:3000'] })
})

await t.test('every member that production may have is kept under its standard name', async (t) => {
  const metadata: JsonObject = {
    dpop_bound_access_tokens: true,
    id_token_signed_response_alg: 'ES256',
    id_token_encrypted_response_alg: 'ECDH-ES',
    id_token_encrypted_response_enc: 'A256GCM',
    request_object_signing_alg: 'PS256',
    require_signed_request_object: true,
    require_pushed_authorization_requests: true,
    authorization_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
    backchannel_logout_uri: 'https://client.example/logout',
    backchannel_logout_session_required: true,
    authorization_details_types: ['payment_initiation'],
    default_max_age: 600,
    require_auth_time: true,
    response_types: ['code'],
    token_endpoint_auth_signing_alg: 'ES256',
    client_uri: 'https://client.example',
    application_type: 'web',
  }
  const created = await create({ ...metadata, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [EC] }, post_logout_redirect_uris: ['https://client.example/bye'], software_id: 'soft', software_version: '1' })
  t.same(created.metadata, metadata)
  t.same(created.software, { software_id: 'soft', software_version: '1' })
  t.same(created.postLogoutRedirectUris, ['https://client.example/bye'])
})

await t.test('a change is a merge, a null takes away, and a change that is refused changes nothing', async (t) => {
  const client = await create({ default_max_age: 600, require_auth_time: true })
  t.equal(await server.authz.clients.update('cli_nobody', { metadata: {} }), undefined)
  await t.rejects(server.authz.clients.update(client.clientId, { metadata: { client_name: 'Never', colour: 'red' } }), { name: 'ClientRefused' })
  t.match(await server.authz.clients.get(client.clientId), { name: 'Metadata' })
  const changed = await server.authz.clients.update(client.clientId, { metadata: { client_name: 'New', default_max_age: null, redirect_uris: ['https://new.example/cb'] } })
  t.match(changed, { name: 'New', redirectUris: ['https://new.example/cb'] })
  t.same(changed?.metadata, { require_auth_time: true })
  t.equal(changed?.clientSecret, undefined, 'the secret stays what it was')
  const another = await server.openAnother()
  t.match(await another.clients.get(client.clientId), { name: 'New' })
})

await t.test('a client\'s own lifetimes and headless login are kept, within what the profile allows', async (t) => {
  const client = await createClient(server.authz, { lifetimes: { accessTokenMs: 300_000 }, isHeadless: true })
  t.match(client, { lifetimes: { accessTokenMs: 300_000 }, isHeadless: true })
  await t.rejects(createClient(server.authz, { lifetimes: { refreshTokenMs: 1_209_600_001 } }), { message: /lifetimes\.refresh_token must not be longer/ })
  const strict = await openTestServer({ profile: { headlessLogin: false } })
  t.teardown(strict.close)
  await t.rejects(createClient(strict.authz, { isHeadless: true }), { message: /headless_login is not offered/ })
  const back = await server.authz.clients.update(client.clientId, { lifetimes: {}, isHeadless: false })
  t.equal(back?.lifetimes, undefined)
  t.equal(back?.isHeadless, undefined)
})

await t.test('a sector identifier is fetched when the client is registered and when it changes, and must name its redirect URIs; afterwards it may be down', async (t) => {
  const fetched: string[] = []
  let listed = ['https://client.example/cb']
  const sectors = await openTestServer({ deps: { outbound: { explainRefusal: () => undefined, fetch: async (url) => { fetched.push(String(url)); return Response.json(listed) } } } })
  const web = createFetch(sectors)
  t.teardown(async () => { await web.close(); await sectors.close() })
  const metadata = { client_name: 'Pairwise', scope: 'openid payments:read', grant_types: ['authorization_code', 'client_credentials'], subject_type: 'pairwise', sector_identifier_uri: 'https://client.example/sectors.json' }
  const register = async (redirectUri: string) => await sectors.authz.clients.create({ ...splitMetadata({ ...metadata, redirect_uris: [redirectUri] }), sandboxId: SANDBOX_A })
  await t.rejects(register('https://other.example/cb'), { message: /redirect_uris must be included in the sector_identifier_uri/ })
  const client = await register('https://client.example/cb')
  t.equal(fetched.length, 2)
  listed = []
  const reply = await postForm(web, `${sectors.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
  t.equal(reply.status, 200)
  t.equal(fetched.length, 2, 'nothing is fetched for a token')
  await t.rejects(sectors.authz.clients.update(client.clientId, { metadata: { client_name: 'Changed' } }), { message: /redirect_uris must be included/ })
})
