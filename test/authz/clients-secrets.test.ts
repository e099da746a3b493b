import { createHash, createHmac } from 'node:crypto'
import { compactDecrypt, decodeJwt } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import { createSecretKeeper, hashSecret } from '../../authz/clients/secret-keeper.ts'
import type { CreatedClient } from '../../authz/index.ts'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, REDIRECT_URI, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira', email: 'amira@example.test' })
const token = `${server.issuer}/oauth/token`
const HOUR_MS = 3_600_000

const secretOf = (client: CreatedClient | undefined): string => client?.clientSecret?.reveal() ?? ''
const askBasic = async (clientId: string, secret: string): Promise<number> => (await postForm(web, token, { grant_type: 'client_credentials' }, basic(clientId, secret))).status

/** A client assertion (RFC 7523 §2.2) under a shared secret, made by hand so that any secret can be tried. */
function assertion (clientId: string, secret: string, jti: string): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'HS256' })}.${encode({ iss: clientId, sub: clientId, aud: server.issuer, jti, exp: Math.floor(performance.timeOrigin / 1000) + 100_000 })}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
let assertions = 0
const askAssertion = async (clientId: string, secret: string): Promise<number> => (await postForm(web, token, {
  grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion(clientId, secret, `j${assertions++}`),
})).status

await t.test('a secret opens for its own client alone, under any cookie key that is kept, and not when it was altered', async (t) => {
  const keeper = createSecretKeeper(['first key'])
  const { secret, kept } = keeper.make('cli_a', true)
  const sealed = kept.sealed ?? ''
  t.equal(keeper.unseal('cli_b', sealed), undefined, 'another client\'s')
  t.equal(createSecretKeeper(['another key']).unseal('cli_a', sealed), undefined, 'another key')
  t.equal(keeper.unseal('cli_a', `${sealed.slice(0, -4)}AAAA`), undefined, 'altered')
  t.equal(keeper.unseal('cli_a', sealed.slice(0, 20)), undefined, 'cut off')
  t.equal(keeper.unseal('cli_a', undefined), undefined)
  t.equal(createSecretKeeper(['newer key', 'first key']).unseal('cli_a', sealed), secret)
  t.equal(kept.hash, hashSecret(secret))
  t.throws(() => createSecretKeeper([]))
})

await t.test('nothing that is stored of a secret authenticates, and nothing of it is stored in clear', async (t) => {
  for (const authMethod of ['client_secret_basic', 'client_secret_jwt']) {
    const client = await createClient(server.authz, { authMethod })
    const record = await server.stores.keyValue.get('oauth-client', client.clientId) as { secretHash: string, sealedSecret?: string }
    t.notMatch(JSON.stringify(record), secretOf(client), 'no clear text')
    t.equal(record.sealedSecret !== undefined, authMethod === 'client_secret_jwt', 'sealed where the protocol needs it, only there')
    for (const stored of [record.secretHash, record.sealedSecret ?? record.secretHash]) {
      t.equal(await (authMethod === 'client_secret_jwt' ? askAssertion : askBasic)(client.clientId, stored), 401)
    }
  }
})

await t.test('an assertion does not authenticate a client of another method, nor a password one of client_secret_jwt', async (t) => {
  const plain = await createClient(server.authz)
  t.equal(await askAssertion(plain.clientId, secretOf(plain)), 401)
  const signer = await createClient(server.authz, { authMethod: 'client_secret_jwt' })
  t.equal(await askBasic(signer.clientId, secretOf(signer)), 401)
  t.equal(await askAssertion(signer.clientId, secretOf(signer)), 200)
  t.equal(await askAssertion(signer.clientId, 'wrong'), 401)
})

for (const [authMethod, ask] of [['client_secret_basic', askBasic], ['client_secret_jwt', askAssertion]] as const) {
  await t.test(`${authMethod}: after a rotation both secrets work until the overlap ends, on every instance, and then the new one alone`, async (t) => {
    const another = await server.openAnother()
    const client = await createClient(server.authz, { authMethod })
    t.match(await another.clients.get(client.clientId), { name: 'Test client' }, 'another instance has it in memory')
    const rotated = await another.clients.rotateSecret(client.clientId, HOUR_MS)
    const [old, fresh] = [secretOf(client), secretOf(rotated)]
    t.not(fresh, old)
    t.equal(await ask(client.clientId, 'neither'), 401)
    t.equal(await ask(client.clientId, old), 200, 'the old one')
    t.equal(await ask(client.clientId, fresh), 200, 'the new one')
    t.type((await server.authz.clients.get(client.clientId))?.formerSecretUntilMs, 'number')
    server.advanceSandbox(SANDBOX_B, 2 * HOUR_MS)
    t.equal(await ask(client.clientId, old), 200, 'another sandbox\'s clock moves nothing')
    server.advanceSandbox(SANDBOX_A, HOUR_MS - 60_000)
    t.equal(await ask(client.clientId, old), 200, 'a minute before the end, on the sandbox\'s clock')
    server.advanceSandbox(SANDBOX_A, 60_000)
    t.equal(await ask(client.clientId, old), 401, 'at the end')
    t.equal(await ask(client.clientId, fresh), 200)
    t.equal((await server.authz.clients.get(client.clientId))?.formerSecretUntilMs, undefined)
  })

  await t.test(`${authMethod}: without an overlap the old secret stops at once, and a second rotation ends the first one's overlap`, async (t) => {
    const client = await createClient(server.authz, { authMethod })
    const second = await server.authz.clients.rotateSecret(client.clientId, HOUR_MS)
    const third = await server.authz.clients.rotateSecret(client.clientId, HOUR_MS)
    t.equal(await ask(client.clientId, secretOf(client)), 401)
    t.equal(await ask(client.clientId, secretOf(second)), 200)
    const fourth = await server.authz.clients.rotateSecret(client.clientId, 0)
    for (const gone of [second, third]) t.equal(await ask(client.clientId, secretOf(gone)), 401)
    t.equal(await ask(client.clientId, secretOf(fourth)), 200)
  })
}

await t.test('rotations at the same time leave exactly one newest secret and lose none of the client\'s metadata', async (t) => {
  const client = await createClient(server.authz)
  const [rotations] = await Promise.all([
    Promise.all(Array.from({ length: 5 }, async () => await server.authz.clients.rotateSecret(client.clientId, 0))),
    server.authz.clients.update(client.clientId, { metadata: { client_name: 'Renamed' } }),
  ])
  const answers = await Promise.all(rotations.map(async (rotation) => await askBasic(client.clientId, secretOf(rotation))))
  t.same(answers.filter((status) => status === 200).length, 1)
  t.match(await server.authz.clients.get(client.clientId), { name: 'Renamed' })
})

await t.test('what has no secret cannot rotate it', async (t) => {
  t.equal(await server.authz.clients.rotateSecret('cli_nobody', 0), undefined)
  const open = await createClient(server.authz, { authMethod: 'none', grants: ['authorization_code'] })
  t.equal(open.clientSecret, undefined)
  t.equal(await server.authz.clients.rotateSecret(open.clientId, 0), undefined)
})

await t.test('a client that changes to a method which needs its secret in clear gets a new secret, and keeps it when it changes back', async (t) => {
  const client = await createClient(server.authz)
  const signer = await server.authz.clients.update(client.clientId, { metadata: { token_endpoint_auth_method: 'client_secret_jwt' } })
  t.not(secretOf(signer), '')
  t.equal(await askAssertion(client.clientId, secretOf(client)), 401)
  t.equal(await askAssertion(client.clientId, secretOf(signer)), 200)
  const back = await server.authz.clients.update(client.clientId, { metadata: { token_endpoint_auth_method: 'client_secret_post' } })
  t.equal(back?.clientSecret, undefined, 'the secret stays')
  const record = await server.stores.keyValue.get('oauth-client', client.clientId) as { sealedSecret?: string }
  t.equal(record.sealedSecret, undefined, 'and is not kept in clear any longer')
  t.type((await openid.clientCredentialsGrant(await discover(server, client.clientId, openid.ClientSecretPost(secretOf(signer))))).access_token, 'string')
})

await t.test('an ID token encrypted under the client\'s secret opens with the secret (OpenID Connect Core §10.2)', async (t) => {
  const client = await createClient(server.authz, { metadata: { id_token_encrypted_response_alg: 'dir', id_token_encrypted_response_enc: 'A128CBC-HS256' } })
  const record = await server.stores.keyValue.get('oauth-client', client.clientId) as { sealedSecret?: string }
  t.type(record.sealedSecret, 'string')
  const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(secretOf(client)))
  const { callback, verifier } = await authorize(new Browser(web), configuration, { user: 'amira', scope: 'openid' })
  const answer = await postForm(web, token, { grant_type: 'authorization_code', code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }, basic(client.clientId, secretOf(client)))
  const key = (secret: string) => createHash('sha256').update(secret).digest()
  const sealed = String(answer.json['id_token'])
  await t.rejects(compactDecrypt(sealed, key('another')))
  const { plaintext } = await compactDecrypt(sealed, key(secretOf(client)))
  t.match(decodeJwt(new TextDecoder().decode(plaintext)), { aud: client.clientId })
})
