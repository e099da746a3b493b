import t from 'tap'
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createClient } from '../support/authz-client.ts'
import { LEDGER, openTestServer, PAYMENTS, SANDBOX_A } from '../support/authz-server.ts'
import { basic, createFetch, postForm } from '../support/authz-client.ts'

const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const client = await createClient(server.authz)
const secret = client.clientSecret?.reveal() ?? ''
const privateKey = createPrivateKey({ key: server.signingKey, format: 'jwk' })
const expect = { audiences: [PAYMENTS], requireBound: false }

async function requestToken (form: Record<string, string> = {}, of = { id: client.clientId as string, secret }): Promise<string> {
  const reply = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials', ...form }, basic(of.id, of.secret))
  return String(reply.json['access_token'])
}

interface Parts { header?: Record<string, unknown>, payload?: Record<string, unknown> }

/** A real token's parts with changes, signed by whoever is asked to. */
function forge (real: string, { header = {}, payload = {} }: Parts, signer: (input: string) => Buffer = signWith(privateKey)): string {
  const [head = '', body = ''] = real.split('.')
  const encode = (part: string, changes: object): string => Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(part, 'base64url').toString()) as object, ...changes })).toString('base64url')
  const input = `${encode(head, header)}.${encode(body, payload)}`
  return `${input}.${signer(input).toString('base64url')}`
}

function signWith (key: KeyObject): (input: string) => Buffer {
  return (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
}

const real = await requestToken({ scope: 'payments:read' })

await t.test('refusals each have their code, the value seen and the owner of the explanation', async (t) => {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })
  const [head = '', body = '', tail = ''] = real.split('.')
  const flipped = Buffer.from(body, 'base64url').toString().replace('payments:read', 'payments:writ')
  const cases: Array<readonly [string, string, string, RegExp]> = [
    ['alg none', 'token_algorithm_refused', forge(real, { header: { alg: 'none' } }, () => Buffer.alloc(0)), /"none".*ES256/],
    ['alg None in another case', 'token_algorithm_refused', forge(real, { header: { alg: 'nOnE' } }, () => Buffer.alloc(0)), /nOnE/],
    ['HS256 with the public key', 'token_algorithm_refused', forge(real, { header: { alg: 'HS256' } }, (input) => createHmac('sha256', publicPem).update(input).digest()), /HS256/],
    ['no alg', 'token_algorithm_refused', forge(real, { header: { alg: undefined } }), /missing/],
    ['an RSA algorithm', 'token_algorithm_refused', forge(real, { header: { alg: 'RS256' } }), /RS256/],
    ['a tampered payload', 'token_signature_invalid', `${head}.${Buffer.from(flipped).toString('base64url')}.${tail}`, /test-key/],
    ['another key under our kid', 'token_signature_invalid', forge(real, {}, signWith(stranger)), /test-key/],
    ['an unknown kid', 'token_signature_invalid', forge(real, { header: { kid: 'other' } }), /"other"/],
    ['no kid', 'token_signature_invalid', forge(real, { header: { kid: undefined } }), /missing/],
    ['an ASN.1 signature', 'token_signature_invalid', forge(real, {}, (input) => sign('sha256', Buffer.from(input), privateKey)), /test-key/],
    ['no signature', 'token_signature_invalid', `${head}.${body}.`, /test-key/],
    ['another issuer', 'token_issuer_invalid', forge(real, { payload: { iss: 'https://evil.example' } }), /evil\.example.*expected https:\/\/localhost/],
    ['another issuer\'s key', 'token_issuer_invalid', forge(real, { header: { kid: 'theirs' }, payload: { iss: 'https://evil.example' } }, signWith(stranger)), /evil/],
    ['another audience', 'token_audience_invalid', forge(real, { payload: { aud: LEDGER } }), /ledger.*payments/],
    ['no audience', 'token_audience_invalid', forge(real, { payload: { aud: undefined } }), /missing/],
    ['expired', 'token_expired', forge(real, { payload: { exp: 1_000_000_000 } }), /2001-09-09/],
    ['not valid yet', 'token_not_yet_valid', forge(real, { payload: { nbf: 9_000_000_000 } }), /2255/],
    ['an ID token\'s type', 'token_malformed', forge(real, { header: { typ: 'JWT' } }), /"JWT".*at\+jwt/],
    ['no type', 'token_malformed', forge(real, { header: { typ: undefined } }), /missing/],
    ['a critical extension', 'token_malformed', forge(real, { header: { crit: ['exp'] } }), /crit/],
    ['a key of its own', 'token_malformed', forge(real, { header: { jwk: createPublicKey(stranger).export({ format: 'jwk' }) } }, signWith(stranger)), /jwk/],
    ['a key by URL', 'token_malformed', forge(real, { header: { jku: 'https://evil.example/jwks' } }), /jku/],
    ['a certificate by URL', 'token_malformed', forge(real, { header: { x5u: 'https://evil.example/' } }), /x5u/],
    ['a confirmation that is not understood', 'token_malformed', forge(real, { payload: { cnf: { kid: 'x' } } }), /cnf has kid/],
    ['a confirmation that is not understood beside one that is', 'token_malformed', forge(real, { payload: { cnf: { jkt: 'x', jwk: {} } } }), /cnf has jwk/],
    ['an empty confirmation', 'token_malformed', forge(real, { payload: { cnf: {} } }), /neither x5t#S256/],
    ['a confirmation that is no object', 'token_malformed', forge(real, { payload: { cnf: 'x' } }), /neither x5t#S256/],
    ['a confirmation that is no text', 'token_malformed', forge(real, { payload: { cnf: { jkt: ['x'] } } }), /must be strings/],
    ['a key without its proof', 'token_proof_missing', forge(real, { payload: { cnf: { jkt: 'x' } } }), /bound to the DPoP key x.*Bearer/],
    ['exp as text', 'token_malformed', forge(real, { payload: { exp: 'tomorrow' } }), /exp/],
    ['scope as array', 'token_malformed', forge(real, { payload: { scope: ['a'] } }), /scope/],
  ]
  for (const [name, code, token, detail] of cases) {
    const verdict = await server.authz.verifyAccessToken(token, expect)
    t.match(verdict, { kind: 'refused', code, detail, claimedClientId: client.clientId }, name)
  }
})

await t.test('what is no JWT at all is malformed and owned by nobody', async (t) => {
  const [head = '', body = '', tail = ''] = real.split('.')
  const last = tail.at(-1) ?? ''
  const respelled = `${tail.slice(0, -1)}${String.fromCharCode(last.charCodeAt(0) + 1)}`
  for (const token of ['', 'opaque', '.', '..', 'a.b', `${real}.x`, `${real}=`, `${head}.${body}.${tail}!`, ` ${real}`, `${head}.bm90anNvbg.${tail}`, `${head}.WzFd.${tail}`, `${head}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.${tail}`, 'x'.repeat(10_000) + '.a.b', `${head}.${body}.${respelled}`, '\u0000.\u0000.\u0000']) {
    const verdict = await server.authz.verifyAccessToken(token, expect)
    t.equal(verdict.kind, 'refused')
    t.match(verdict, { code: /^token_(malformed|signature_invalid)$/ }, JSON.stringify(token.slice(0, 40)))
  }
})

await t.test('a client that does not exist owns nothing', async (t) => {
  const verdict = await server.authz.verifyAccessToken(forge(real, { payload: { client_id: 'cli_nobody' } }), expect)
  t.match(verdict, { kind: 'refused', code: 'token_revoked' })
  t.notOk('claimedClientId' in verdict)
})

await t.test('a token that we signed but do not know of is refused', async (t) => {
  t.match(await server.authz.verifyAccessToken(forge(real, { payload: { jti: 'never issued' } }), expect), { kind: 'refused', code: 'token_revoked' })
})

await t.test('binding: unbound where bound is required, a foreign certificate and none are refused; the own one passes', async (t) => {
  t.match(await server.authz.verifyAccessToken(real, { ...expect, requireBound: true }), { kind: 'refused', code: 'token_binding_missing' })
  const certificate = await server.issueCertificate('bound')
  const mutual = createFetch(server, certificate)
  t.teardown(async () => { await mutual.close() })
  const reply = await postForm(mutual, `${server.mtlsOrigin}/oauth/token`, { grant_type: 'client_credentials' }, basic(client.clientId, secret))
  const bound = String(reply.json['access_token'])
  for (const round of ['cold', 'cached']) {
    t.match(await server.authz.verifyAccessToken(bound, expect), { code: 'token_binding_mismatch', detail: /none/ }, round)
    t.match(await server.authz.verifyAccessToken(bound, { ...expect, certificateThumbprint: 'other' }), { code: 'token_binding_mismatch', detail: /other/ }, round)
    t.match(await server.authz.verifyAccessToken(bound, { ...expect, requireBound: true, certificateThumbprint: certificate.thumbprint }), { kind: 'verified' }, round)
  }
})

await t.test('a good token is verified without waiting for anything, with its caller', (t) => {
  const verdict = server.authz.verifyAccessToken(real, expect)
  t.notOk(verdict instanceof Promise)
  t.match(verdict, { kind: 'verified', caller: { kind: 'client', sandboxId: SANDBOX_A, clientId: client.clientId, scopes: ['payments:read'] } })
  t.notOk('subject' in (verdict as { caller: object }).caller)
  t.equal(server.authz.verifyAccessToken(real, { ...expect, audiences: [LEDGER, PAYMENTS] }).constructor, Object)
  t.end()
})

await t.test('every check is repeated on a cached token', async (t) => {
  const token = await requestToken()
  t.match(server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  t.match(server.authz.verifyAccessToken(token, { ...expect, audiences: [LEDGER] }), { code: 'token_audience_invalid' })
  const tail = token.slice(-40)
  t.match(server.authz.verifyAccessToken(`${'a'.repeat(20)}.${tail}`, expect), { kind: 'refused' }, 'the whole text is compared')
})

await t.test('a token expires on the sandbox\'s clock, and one issued after the advance does not', async (t) => {
  const fresh = await createClient(server.authz, { sandboxId: 'sbx_clock' as typeof SANDBOX_A })
  const of = { id: fresh.clientId as string, secret: fresh.clientSecret?.reveal() ?? '' }
  const before = await requestToken({}, of)
  t.match(server.authz.verifyAccessToken(before, expect), { kind: 'verified' })
  server.advanceSandbox('sbx_clock' as typeof SANDBOX_A, 3_600_000)
  t.match(server.authz.verifyAccessToken(before, expect), { code: 'token_expired', detail: /advanced by 3600000 ms/ })
  // The stamp in the jti tells the two apart although both have the same second in iat.
  await new Promise((resolve) => { setTimeout(resolve, 2) })
  t.match(server.authz.verifyAccessToken(await requestToken({}, of), expect), { kind: 'verified' })
  t.match(server.authz.verifyAccessToken(real, expect), { kind: 'verified' }, 'and another sandbox\'s tokens are not touched')
})

await t.test('deleting the client ends its tokens on every instance', async (t) => {
  const another = await server.openAnother()
  const doomed = await createClient(server.authz)
  const token = await requestToken({}, { id: doomed.clientId, secret: doomed.clientSecret?.reveal() ?? '' })
  t.match(await another.verifyAccessToken(token, expect), { kind: 'verified' })
  await server.authz.clients.delete(doomed.clientId)
  for (const instance of [server.authz, another]) t.match(await instance.verifyAccessToken(token, expect), { code: 'token_revoked' })
})

await t.test('a cached token expires with the clock, to the millisecond', async (t) => {
  const token = await requestToken()
  const verdict = await server.authz.verifyAccessToken(token, expect)
  const expiresAtMs = verdict.kind === 'verified' ? verdict.expiresAtMs : 0
  t.equal(expiresAtMs % 1000, 0)
  server.advanceClock(3_600_000)
  t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_expired' })
})
