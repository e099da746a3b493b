import t from 'tap'
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createClient, createFetch, postForm } from '../../support/authz-client.ts'
import { openTestServer, PAYMENTS } from '../../support/authz-server.ts'

/**
 * Attacks on JOSE that have worked somewhere, at each place where a JWT of somebody comes in: access tokens at the API (our
 * verifier), client assertions at the token endpoint and request objects (the library's).
 */
const server = await openTestServer({ profile: { requestObjects: 'allowed' } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })

const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const clientJwk = { ...clientKey.publicKey.export({ format: 'jwk' }), kid: 'client-key', alg: 'ES256', use: 'sig' }
const client = await createClient(server.authz, { authMethod: 'private_key_jwt', jwks: { keys: [clientJwk] } })
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

interface Attack {
  readonly header?: Readonly<Record<string, unknown>>
  readonly signer?: (input: Buffer, key: KeyObject) => Buffer
  /** Works on the text as it would be sent. */
  readonly respell?: (jws: string) => string
  /** Writes header or payload otherwise than `JSON.stringify` does. */
  readonly write?: (json: string, part: 'header' | 'payload') => string
}

const es256 = (input: Buffer, key: KeyObject): Buffer => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
const spki = (key: KeyObject, format: 'pem' | 'der'): string | Buffer => format === 'pem' ? createPublicKey(key).export({ type: 'spki', format }) : createPublicKey(key).export({ type: 'spki', format })
const integer = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const foreignJwk = { ...foreign.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }
const byForeign = (input: Buffer): Buffer => es256(input, foreign.privateKey)

const ATTACKS: ReadonlyArray<readonly [string, Attack]> = [
  ['alg none, no signature', { header: { alg: 'none' }, signer: () => Buffer.alloc(0) }],
  ['alg nOnE', { header: { alg: 'nOnE' }, signer: () => Buffer.alloc(0) }],
  ['alg none with the real signature', { header: { alg: 'none' } }],
  ['no alg', { header: { alg: undefined } }],
  ['alg as a list', { header: { alg: ['ES256'] } }],
  ['HS256 with the public key in PEM', { header: { alg: 'HS256' }, signer: (input, key) => createHmac('sha256', spki(key, 'pem')).update(input).digest() }],
  ['HS256 with the public key in DER', { header: { alg: 'HS256' }, signer: (input, key) => createHmac('sha256', spki(key, 'der')).update(input).digest() }],
  ['HS256 with the JWK as text', { header: { alg: 'HS256' }, signer: (input, key) => createHmac('sha256', JSON.stringify(createPublicKey(key).export({ format: 'jwk' }))).update(input).digest() }],
  ['HS256 with an empty secret', { header: { alg: 'HS256' }, signer: (input) => createHmac('sha256', '').update(input).digest() }],
  ['kid that is a path, signed with HMAC and nothing', { header: { alg: 'HS256', kid: '../../../../dev/null' }, signer: (input) => createHmac('sha256', '').update(input).digest() }],
  ['kid that is SQL', { header: { kid: '\' UNION SELECT \'x\' --' }, signer: byForeign }],
  ['kid that is a URL', { header: { kid: 'https://evil.example/key.json' }, signer: byForeign }],
  ['kid with NUL', { header: { kid: 'test-key\u0000' }, signer: byForeign }],
  ['kid __proto__', { header: { kid: '__proto__' }, signer: byForeign }],
  ['kid as an object', { header: { kid: { toString: 'x' } }, signer: byForeign }],
  ['its own key in jwk', { header: { jwk: foreignJwk }, signer: byForeign }],
  ['its own key in jwk, no kid', { header: { jwk: foreignJwk, kid: undefined }, signer: byForeign }],
  ['its own key by jku', { header: { jku: 'https://localhost/jwks' }, signer: byForeign }],
  ['its own certificate by x5u', { header: { x5u: 'https://localhost/cert.pem' }, signer: byForeign }],
  ['its own certificate in x5c', { header: { x5c: ['MIIB'] }, signer: byForeign }],
  ['an unknown critical parameter', { header: { crit: ['unknown'], unknown: true } }],
  ['an empty crit', { header: { crit: [] } }],
  ['r = s = 0 (the psychic signature)', { signer: () => Buffer.alloc(64) }],
  ['r = 0', { signer: (input, key) => Buffer.concat([Buffer.alloc(32), es256(input, key).subarray(32)]) }],
  ['s = 0', { signer: (input, key) => Buffer.concat([es256(input, key).subarray(0, 32), Buffer.alloc(32)]) }],
  ['r = s = n', { signer: () => Buffer.concat([integer(N), integer(N)]) }],
  ['r = n', { signer: (input, key) => Buffer.concat([integer(N), es256(input, key).subarray(32)]) }],
  ['s = n', { signer: (input, key) => Buffer.concat([es256(input, key).subarray(0, 32), integer(N)]) }],
  ['r + n', { signer: (input, key) => { const real = es256(input, key); return Buffer.concat([integer((BigInt(`0x${real.toString('hex', 0, 32)}`) + N) % (1n << 256n)), real.subarray(32)]) } }],
  ['r = s = 1', { signer: () => Buffer.concat([integer(1n), integer(1n)]) }],
  ['r = s = 2²⁵⁶ − 1', { signer: () => Buffer.alloc(64, 0xff) }],
  ['a signature in ASN.1', { signer: (input, key) => sign('sha256', input, key) }],
  ['an ASN.1 zero signature', { signer: () => Buffer.from('3006020100020100', 'hex') }],
  ['a signature that is too long', { signer: (input, key) => Buffer.concat([es256(input, key), Buffer.alloc(1)]) }],
  ['a signature with leading zeros', { signer: (input, key) => { const real = es256(input, key); return Buffer.concat([Buffer.alloc(1), real.subarray(0, 32), Buffer.alloc(1), real.subarray(32)]) } }],
  ['a signature that is too short', { signer: (input, key) => es256(input, key).subarray(0, 63) }],
  ['another hash', { signer: (input, key) => sign('sha512', input, { key, dsaEncoding: 'ieee-p1363' }) }],
  ['no signature', { signer: () => Buffer.alloc(0) }],
  ['alg twice, the last is none', { write: (json, part) => part === 'header' ? json.replace(/}$/, ',"alg":"none"}') : json }],
]

/**
 * What our own parser is stricter about. The library takes some of it from whoever has the right key: the last of two equal names,
 * a BOM, and a `b64` that RFC 7797 §7 forbids in a JWT. Nobody else gains by that.
 */
const OUR_ATTACKS: ReadonlyArray<readonly [string, Attack]> = [
  ['an unencoded payload (RFC 7797 §7)', { header: { crit: ['b64'], b64: false } }],
  ['alg twice, the first is none', { write: (json, part) => part === 'header' ? json.replace('{', '{"alg":"none",') : json }],
  ['alg twice, once with an escape', { write: (json, part) => part === 'header' ? json.replace('{', '{"a\\u006cg":"none",') : json }],
  ['aud twice', { write: (json, part) => part === 'payload' ? json.replace('{', '{"aud":"https://elsewhere.example",') : json }],
  ['a member twice inside another', { write: (json, part) => part === 'payload' ? json.replace(/}$/, ',"cnf":{"jkt":"a","jkt":"b"}}') : json }],
  ['a NUL behind the payload', { write: (json, part) => part === 'payload' ? `${json}\u0000` : json }],
  ['a byte order mark', { write: (json, part) => part === 'payload' ? `\ufeff${json}` : json }],
  ['padding', { respell: (jws) => `${jws}=` }],
  ['standard base64', { respell: (jws) => jws.replaceAll('-', '+').replaceAll('_', '/') + (/[-_]/.test(jws) ? '' : '+') }],
  ['trailing bits that count for nothing', { respell: (jws) => jws.slice(0, -1) + nextLetter(jws.at(-1) ?? '') }],
  ['a line break', { respell: (jws) => `${jws}\n` }],
  ['an encrypted look', { respell: (jws) => `${jws}..` }],
  ['the JSON serialization', { respell: (jws) => { const [header, payload, signature] = jws.split('.'); return JSON.stringify({ protected: header, payload, signature }) } }],
]

function nextLetter (letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(letter) ^ 1] ?? ''
}

function build (header: object, payload: object, key: KeyObject, { header: changes = {}, signer = es256, respell = (jws) => jws, write = (json) => json }: Attack): string {
  const encode = (part: 'header' | 'payload', value: object): string => Buffer.from(write(JSON.stringify(value), part)).toString('base64url')
  const input = Buffer.from(`${encode('header', { ...header, ...changes })}.${encode('payload', payload)}`)
  return respell(`${input.toString()}.${signer(input, key).toString('base64url')}`)
}

function assertionClaims (): object {
  const nowS = Math.floor(Date.now() / 1000)
  return { iss: client.clientId, sub: client.clientId, aud: server.issuer, jti: `jti-${Math.random()}`, iat: nowS, exp: nowS + 60 }
}

async function authenticate (attack: Attack) {
  return await postForm(web, `${server.issuer}/oauth/token`, {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: build({ alg: 'ES256', kid: 'client-key', typ: 'JWT' }, assertionClaims(), clientKey.privateKey, attack),
  })
}

const real = String((await authenticate({})).json['access_token'])
const [realHeader, realPayload] = real.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object)
const serverKey = createPrivateKey({ key: server.signingKey, format: 'jwk' })
const expect = { audiences: [PAYMENTS], requireBound: false }

t.test('access tokens: the honest one passes, no attack does', async (t) => {
  t.match(await server.authz.verifyAccessToken(build(realHeader ?? {}, realPayload ?? {}, serverKey, {}), expect), { kind: 'verified' })
  for (const [name, attack] of [...ATTACKS, ...OUR_ATTACKS]) {
    const verdict = await server.authz.verifyAccessToken(build(realHeader ?? {}, realPayload ?? {}, serverKey, attack), expect)
    t.match(verdict, { kind: 'refused', code: /^token_(?:malformed|algorithm_refused|signature_invalid)$/ }, name)
  }
})

t.test('the other signature of a token (r, n − s) is the same token: it is revoked with it', async (t) => {
  const [head = '', body = '', tail = ''] = real.split('.')
  const signature = Buffer.from(tail, 'base64url')
  const twin = `${head}.${body}.${Buffer.concat([signature.subarray(0, 32), integer(N - BigInt(`0x${signature.toString('hex', 32)}`))]).toString('base64url')}`
  t.match(await server.authz.verifyAccessToken(twin, expect), { kind: 'verified' }, 'ECDSA has two spellings; nothing hangs on the text')
  const nowS = Math.floor(Date.now() / 1000)
  await postForm(web, `${server.issuer}/oauth/revoke`, {
    token: real,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: build({ alg: 'ES256', kid: 'client-key' }, { iss: client.clientId, sub: client.clientId, aud: server.issuer, jti: 'revoking', iat: nowS, exp: nowS + 60 }, clientKey.privateKey, {}),
  })
  for (const token of [real, twin]) t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'refused', code: 'token_revoked' })
})

t.test('client assertions: the honest one passes, no attack does', async (t) => {
  t.equal((await authenticate({})).status, 200)
  for (const [name, attack] of ATTACKS) {
    // A key that travels in the header is ignored; the assertion is then simply signed by a stranger.
    const reply = await authenticate(attack)
    t.match(reply.json, { error: /^invalid_(?:client|request)$/ }, name)
    t.ok(reply.status >= 400 && reply.status < 500, name)
  }
})

t.test('request objects: the honest one is taken, no attack is', async (t) => {
  const ask = async (attack: Attack): Promise<{ readonly status: number, readonly error: string | undefined }> => {
    const nowS = Math.floor(Date.now() / 1000)
    const request = build({ alg: 'ES256', kid: 'client-key', typ: 'oauth-authz-req+jwt' }, {
      iss: client.clientId, aud: server.issuer, client_id: client.clientId, response_type: 'code', redirect_uri: 'https://client.example/callback', scope: 'openid', state: 's', jti: `jti-${Math.random()}`, iat: nowS, nbf: nowS, exp: nowS + 60, code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
    }, clientKey.privateKey, attack)
    const response = await web(`${server.issuer}/oauth/authorize?${new URLSearchParams({ client_id: client.clientId, request }).toString()}`)
    const location = response.headers.get('location') ?? ''
    return { status: response.status, error: URL.parse(location)?.searchParams.get('error') ?? undefined }
  }
  const honest = await ask({})
  t.ok(honest.status >= 300 && honest.status < 400 && honest.error === undefined, 'on to the login page')
  for (const [name, attack] of ATTACKS) {
    const { status, error } = await ask(attack)
    t.ok(error !== undefined || status === 400, `${name}: ${status} ${error ?? ''}`)
  }
})
