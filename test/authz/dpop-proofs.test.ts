import t from 'tap'
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { DpopPresentation } from '../../authz/dpop/verify-proof.ts'
import type { SandboxId } from '../../kernel/index.ts'
import { basic, createClient, createFetch, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, SANDBOX_A } from '../support/authz-server.ts'
import { createProofKey, type ProofKey, type ProofParts } from '../support/dpop-client.ts'

const needsNonce = new Set<SandboxId>()
const server = await openTestServer({ deps: { isDpopNonceRequired: (sandboxId) => needsNonce.has(sandboxId) } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const client = await createClient(server.authz)
const credentials = basic(client.clientId, client.clientSecret?.reveal() ?? '')
const key = createProofKey()
const URL_AT_API = `${server.issuer}/v1/charges`
const { token, kind } = await requestToken(key)

async function requestToken (of: ProofKey | undefined): Promise<{ readonly token: string, readonly kind: string }> {
  const uri = `${server.issuer}/oauth/token`
  const reply = await postForm(web, uri, { grant_type: 'client_credentials', scope: 'payments:read' }, { ...credentials, ...(of === undefined ? {} : { dpop: of.prove('POST', uri) }) })
  return { token: String(reply.json['access_token']), kind: String(reply.json['token_type']) }
}

async function present (proof: string | undefined, options: { readonly token?: string, readonly method?: string, readonly target?: string, readonly authz?: typeof server.authz } = {}) {
  const dpop: DpopPresentation = { proof, method: options.method ?? 'GET', target: options.target ?? '/v1/charges?limit=3' }
  return await (options.authz ?? server.authz).verifyAccessToken(options.token ?? token, { audiences: [PAYMENTS], requireBound: true, dpop })
}
const prove = (parts: ProofParts = {}, uri = URL_AT_API): string => key.prove('GET', uri, token, parts)

await t.test('a proof that is not for this request, this token and this moment is refused, with the value seen and expected', async (t) => {
  const stranger = createProofKey()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const privateJwk = key.privateKey.export({ format: 'jwk' }) as Record<string, unknown>
  const nowS = Math.floor(Date.now() / 1000)
  const publicPem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' })
  const cases: Array<readonly [string, string, string | undefined, RegExp]> = [
    ['no header', 'token_proof_missing', undefined, /without a DPoP header/],
    ['an empty header', 'token_proof_missing', '', /without/],
    ['two headers', 'token_proof_invalid', `${prove()}, ${prove()}`, /more than one/],
    ['no JWS', 'token_proof_invalid', 'x', /3 segments/],
    ['another type', 'token_proof_invalid', prove({ header: { typ: 'JWT' } }), /typ is "JWT", expected dpop\+jwt/],
    ['no type', 'token_proof_invalid', prove({ header: { typ: undefined } }), /typ is missing/],
    ['alg none', 'token_proof_invalid', prove({ header: { alg: 'none' }, signer: () => Buffer.alloc(0) }), /alg is "none"/],
    ['HS256 with the public key as secret', 'token_proof_invalid', prove({ header: { alg: 'HS256' }, signer: (input) => createHmac('sha256', publicPem).update(input).digest() }), /alg is "HS256"/],
    ['an algorithm of another key type', 'token_proof_invalid', prove({ header: { alg: 'RS256' } }), /no public key for RS256/],
    ['an algorithm of another curve', 'token_proof_invalid', prove({ header: { alg: 'ES384' } }), /no public key for ES384/],
    ['a symmetric key', 'token_proof_invalid', prove({ header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } }), /member k/],
    ['a private key', 'token_proof_invalid', prove({ header: { jwk: privateJwk } }), /member d/],
    ['no key', 'token_proof_invalid', prove({ header: { jwk: undefined } }), /jwk is no JSON object/],
    ['a key that is none', 'token_proof_invalid', prove({ header: { jwk: { kty: ['EC'] } } }), /no public key/],
    ['a point off the curve', 'token_proof_invalid', prove({ header: { jwk: { ...key.jwk, y: key.jwk['x'] } } }), /no public key/],
    ['an RSA key of 1024 bits', 'token_proof_invalid', prove({ header: { alg: 'PS256', jwk: rsa.publicKey.export({ format: 'jwk' }) } }), /unacceptable size/],
    ['a critical extension', 'token_proof_invalid', prove({ header: { crit: ['b64'], b64: true } }), /crit/],
    ['a key by URL', 'token_proof_invalid', prove({ header: { jku: 'https://evil.example' } }), /jku/],
    ['a certificate chain', 'token_proof_invalid', prove({ header: { x5c: [] } }), /x5c/],
    ['another signer', 'token_proof_invalid', prove({ signer: (input) => sign('sha256', input, { key: stranger.privateKey, dsaEncoding: 'ieee-p1363' }) }), /signature does not match/],
    ['an ASN.1 signature', 'token_proof_invalid', prove({ signer: (input) => sign('sha256', input, key.privateKey) }), /signature does not match/],
    ['a signature of zeros', 'token_proof_invalid', prove({ signer: () => Buffer.alloc(64) }), /signature does not match/],
    ['another method', 'token_proof_invalid', prove({ claims: { htm: 'POST' } }), /htm is "POST".*GET/],
    ['the method in another case', 'token_proof_invalid', prove({ claims: { htm: 'get' } }), /htm is "get"/],
    ['another path', 'token_proof_invalid', prove({}, `${server.issuer}/v1/refunds`), /htu is .*refunds.*expected .*charges/],
    ['another host', 'token_proof_invalid', prove({}, 'https://evil.example/v1/charges'), /evil/],
    ['a path that differs by case', 'token_proof_invalid', prove({}, `${server.issuer}/V1/charges`), /V1/],
    ['a URI with a user', 'token_proof_invalid', prove({}, URL_AT_API.replace('https://', 'https://me@')), /me@/],
    ['plain http', 'token_proof_invalid', prove({}, URL_AT_API.replace('https', 'http')), /http:/],
    ['a path alone', 'token_proof_invalid', prove({}, '/v1/charges'), /htu/],
    ['no htu', 'token_proof_invalid', prove({ claims: { htu: undefined } }), /htu is missing/],
    ['no jti', 'token_proof_invalid', prove({ claims: { jti: undefined } }), /jti is missing/],
    ['a jti that is no text', 'token_proof_invalid', prove({ claims: { jti: 7 } }), /jti is 7/],
    ['an endless jti', 'token_proof_invalid', prove({ claims: { jti: 'x'.repeat(257) } }), /1 to 256/],
    ['no ath', 'token_proof_invalid', prove({ claims: { ath: undefined } }), /ath is missing/],
    ['the ath of another token', 'token_proof_invalid', key.prove('GET', URL_AT_API, 'another'), /ath is not the hash/],
    ['no iat', 'token_proof_invalid', prove({ claims: { iat: undefined } }), /iat is missing/],
    ['iat as text', 'token_proof_invalid', prove({ claims: { iat: String(nowS) } }), /iat is "/],
    ['old', 'token_proof_invalid', prove({ claims: { iat: nowS - 302 } }), /30[23] s ago.*check the clock/],
    ['of the future', 'token_proof_invalid', prove({ claims: { iat: nowS + 302 } }), /30[12] s ahead/],
    ['a nonce that is no text', 'token_proof_invalid', prove({ claims: { nonce: 7 } }), /nonce is 7/],
    ['a nonce of somebody else', 'token_nonce_required', prove({ claims: { nonce: 'x'.repeat(43) } }), /not one of this server/],
    ['another key', 'token_proof_mismatch', stranger.prove('GET', URL_AT_API, token), /bound to the key/],
  ]
  for (const [name, code, proof, detail] of cases) {
    t.match(await present(proof), { kind: 'refused', code, detail, claimedClientId: client.clientId }, name)
  }
})

await t.test('a proof names a member twice, is no UTF-8, or is spelled in another way: refused', async (t) => {
  const [head = '', body = '', tail = ''] = prove().split('.')
  const text = (segment: string): string => Buffer.from(segment, 'base64url').toString()
  const spell = (header: string | Buffer, payload: string | Buffer): string => {
    const input = Buffer.from([header, payload].map((part) => Buffer.from(part as string).toString('base64url')).join('.'))
    return `${input.toString()}.${sign('sha256', input, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const cases: Array<readonly [string, string]> = [
    ['alg twice', spell(text(head).replace('{', '{"alg":"none",'), text(body))],
    ['htm twice, once with an escape', spell(text(head), text(body).replace('{', '{"h\\u0074m":"POST",'))],
    ['crv of the key twice', spell(text(head).replace('"crv"', '"crv":"P-384","crv"'), text(body))],
    ['no UTF-8', spell(text(head), Buffer.concat([Buffer.from(text(body).slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]))],
    ['a byte order mark', spell(`\ufeff${text(head)}`, text(body))],
    ['a NUL', spell(text(head), `${text(body)}\u0000`)],
    ['an array', spell(text(head), `[${text(body)}]`)],
    ['padding', `${head}=.${body}.${tail}`],
    ['a space', `${head}.${body}. ${tail}`],
    ['standard base64', `${head}.${body}.${tail.replace(/[-_]/, '+')}+`],
  ]
  for (const [name, proof] of cases) t.match(await present(proof), { code: 'token_proof_invalid' }, name)
})

await t.test('a proof is used once, by one of any number of uses, on all instances', async (t) => {
  const other = await server.openAnother()
  const proof = prove()
  const uses = await Promise.all(Array.from({ length: 50 }, async (_, index) => await present(proof, { authz: index % 2 === 0 ? server.authz : other })))
  t.equal(uses.filter(({ kind }) => kind === 'verified').length, 1)
  t.ok(uses.every((use) => use.kind === 'verified' || use.code === 'token_proof_replayed'))
})

await t.test('the other signature of the same proof (r, n − s) is the same proof', async (t) => {
  const proof = prove()
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const [head = '', body = '', tail = ''] = proof.split('.')
  const signature = Buffer.from(tail, 'base64url')
  const s = n - BigInt(`0x${signature.subarray(32).toString('hex')}`)
  const twin = `${head}.${body}.${Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString('base64url')}`
  t.not(twin, proof)
  t.match(await present(proof), { kind: 'verified' })
  t.match(await present(twin), { code: 'token_proof_replayed' })
})

await t.test('a proof with an iat ahead of the clock cannot be used again when the clock is there', async (t) => {
  const proof = prove({ claims: { iat: Math.floor(Date.now() / 1000) + 290 } })
  t.match(await present(proof), { kind: 'verified' })
  server.advanceClock(310_000)
  t.match(await present(proof), { code: 'token_proof_replayed' })
  server.advanceClock(-310_000)
})

await t.test('right proofs pass: at either door, with query and fragment, spelled as RFC 3986 §6.2 allows', async (t) => {
  t.equal(kind, 'DPoP')
  for (const uri of [URL_AT_API, `${server.mtlsOrigin}/v1/charges`, `${URL_AT_API}?a=b`, `${URL_AT_API}#f`, URL_AT_API.replace('https://localhost', 'HTTPS://LOCALHOST'), `${server.issuer}/v1/./x/../%63harges`]) {
    t.match(await present(prove({}, uri)), { kind: 'verified', caller: { clientId: client.clientId, sandboxId: SANDBOX_A } }, uri)
  }
  t.match(await present(prove({}, `${server.issuer}/v1/a%2eb%c3%bc~`), { target: '/v1/a.b%C3%BC%7E' }), { kind: 'verified' }, 'escapes')
  t.match(await present(prove({ header: { typ: 'application/dpop+jwt' } })), { kind: 'verified' }, 'RFC 7515 §4.1.9')
})

await t.test('a bound token as Bearer, and an unbound one with the scheme, are refused', async (t) => {
  t.match(await server.authz.verifyAccessToken(token, { audiences: [PAYMENTS], requireBound: false }), { kind: 'refused', code: 'token_proof_missing', detail: /Bearer scheme/ })
  const plain = (await requestToken(undefined)).token
  t.match(await present(key.prove('GET', URL_AT_API, plain), { token: plain }), { code: 'token_binding_missing' })
  t.match(await server.authz.verifyAccessToken(plain, { audiences: [PAYMENTS], requireBound: false, dpop: { proof: key.prove('GET', URL_AT_API, plain), method: 'GET', target: '/v1/charges' } }), { code: 'token_proof_unexpected' })
})

await t.test('a good token with a good proof is verified without waiting for anything', (t) => {
  const verdict = server.authz.verifyAccessToken(token, { audiences: [PAYMENTS], requireBound: true, dpop: { proof: prove(), method: 'GET', target: '/v1/charges' } })
  t.notOk(verdict instanceof Promise)
  t.match(verdict, { kind: 'verified' })
  t.end()
})

await t.test('one request that is judged twice is not its own replay', async (t) => {
  const dpop = { proof: prove(), method: 'GET', target: '/v1/charges' }
  const expect = { audiences: [PAYMENTS], requireBound: true, dpop }
  t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  t.match(await server.authz.verifyAccessToken(token, { ...expect, dpop: { ...dpop } }), { code: 'token_proof_replayed' })
})

await t.test('nonces: asked for by sandbox, good on every instance and at the token endpoint, for minutes', async (t) => {
  needsNonce.add(SANDBOX_A)
  t.teardown(() => needsNonce.clear())
  const other = await server.openAnother()
  const asked = await present(prove())
  t.match(asked, { kind: 'refused', code: 'token_nonce_required', detail: /has no nonce/, dpopNonce: /^[\w-]{43}$/ })
  const nonce = (asked as { dpopNonce: string }).dpopNonce
  t.match(await present(prove({ claims: { nonce } }), { authz: other }), { kind: 'verified' })
  t.match(await present(prove({ claims: { nonce, iat: 1 } })), { kind: 'verified' }, 'the nonce says that the proof is fresh (RFC 9449 §11.1)')
  const uri = `${server.issuer}/oauth/token`
  const without = await postForm(web, uri, { grant_type: 'client_credentials' }, { ...credentials, dpop: key.prove('POST', uri) })
  t.match(without.json, { error: 'use_dpop_nonce' })
  t.equal(without.headers.get('dpop-nonce'), nonce, 'the same nonces')
  t.equal((await postForm(web, uri, { grant_type: 'client_credentials' }, { ...credentials, dpop: key.prove('POST', uri, undefined, { claims: { nonce } }) })).status, 200)
  server.advanceClock(120_000)
  const renewed = await present(prove({ claims: { nonce } }))
  t.match(renewed, { kind: 'verified', dpopNonce: /^[\w-]{43}$/ }, 'an older one still passes, and the next is told')
  t.not((renewed as { dpopNonce: string }).dpopNonce, nonce)
  server.advanceClock(120_000)
  t.match(await present(prove({ claims: { nonce, iat: Math.floor(Date.now() / 1000) + 240 } })), { code: 'token_nonce_required', detail: /too old/ })
  server.advanceClock(-240_000)
})

await t.test('introspection shows the key, and userinfo-like endpoints of the library take the proof of either door', async (t) => {
  const reply = await postForm(web, `${server.issuer}/oauth/introspect`, { token }, credentials)
  t.match(reply.json, { active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } })
  const certificate = await server.issueCertificate('dpop at the other door')
  const mutual = createFetch(server, certificate)
  t.teardown(async () => { await mutual.close() })
  const uri = `${server.mtlsOrigin}/oauth/token`
  for (const htu of [uri, `${server.issuer}/oauth/token`]) {
    const issued = await postForm(mutual, uri, { grant_type: 'client_credentials' }, { ...credentials, dpop: key.prove('POST', htu) })
    t.match(issued.json, { token_type: 'DPoP' }, htu)
    t.same(JSON.parse(Buffer.from(String(issued.json['access_token']).split('.')[1] ?? '', 'base64url').toString()).cnf, { jkt: key.jkt }, 'the key that was proved on purpose goes before the certificate')
  }
  t.match((await postForm(mutual, uri, { grant_type: 'client_credentials' }, { ...credentials, dpop: key.prove('POST', 'https://evil.example/oauth/token') })).json, { error: 'invalid_dpop_proof' })
})
