import t from 'tap'
import { verify, createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import { openKeyRing, SANDBOX_KEY_SIGNS_MS, SANDBOX_KEYS_MAX, type KeyRing, type KeyRingDeps } from '../../authz/tokens/key-ring.ts'
import { createKeySealer } from '../../authz/tokens/seal-key.ts'
import { completeSigningKeys, generateSigningKey } from '../../authz/tokens/signing-keys.ts'
import type { SandboxId } from '../../kernel/index.ts'
import { openEmbeddedStores } from '../../stores/index.ts'

const A = 'sbx_a' as SandboxId
const B = 'sbx_b' as SandboxId
const MINUTE_MS = 60_000
const LIFETIME_MS = 60 * MINUTE_MS
const es256 = await generateSigningKey('ES256', 'configured-es', 2048)
const ed = await generateSigningKey('EdDSA', 'configured-ed', 2048)

function openBench (t: { readonly teardown: (end: () => Promise<void>) => unknown }) {
  let nowMs = 1_700_000_000_000
  const clock = { nowMs: () => nowMs }
  const stores = openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 1000, maxPerStream: 10 } })
  t.teardown(async () => { await stores.close() })
  return {
    stores,
    advance: (ms: number) => { nowMs += ms },
    open: async (overrides: Partial<KeyRingDeps> & { readonly secrets?: readonly string[] } = {}): Promise<KeyRing> => await openKeyRing({
      configured: [es256, ed], keyValue: stores.keyValue, notices: stores.notices, clock, sealer: createKeySealer(overrides.secrets ?? ['first secret']), rsaKeyBits: 2048, tokenLifetimeMsMax: LIFETIME_MS, ...overrides,
    }),
  }
}

const kids = (ring: KeyRing): string[] => ring.publicJwks().map(({ kid }) => kid ?? '')

t.test('keys that cannot serve are refused at start, with what is wrong', async (t) => {
  await t.rejects(completeSigningKeys([es256], ['ES256', 'PS256']), /no signing key has the algorithm PS256/)
  await t.rejects(completeSigningKeys([es256, { ...ed, kid: 'configured-es' }], ['ES256']), /same kid/)
  const { d: _d, ...publicOnly } = es256
  const { open } = openBench(t)
  await t.rejects(open({ configured: [publicOnly] }), /configured-es has no usable private half/)
  await t.rejects(open({ configured: [{ ...es256, alg: 'ES384' }] }), /cannot be used with its algorithm: ES384/)
  t.match(await completeSigningKeys([{ ...es256, alg: undefined, kid: undefined } as unknown as JWK], ['EdDSA', 'ES256']).catch((error: unknown) => error), /EdDSA/, 'each algorithm needs its key')
  t.match(await completeSigningKeys([{ ...es256, alg: undefined, kid: undefined } as unknown as JWK], ['ES256']), [{ alg: 'ES256', use: 'sig', kid: /^[\w-]{43}$/ }])
})

t.test('a rotation: published before it signs, then signs, and the old key stays until its last token has expired', async (t) => {
  const { open, advance } = openBench(t)
  const ring = await open()
  const made = await ring.rotate(10 * MINUTE_MS)
  t.match(made, [{ alg: 'ES256', state: 'next' }, { alg: 'EdDSA', state: 'next' }])
  const next = made[0]?.kid ?? ''
  t.same(new Set(kids(ring)), new Set(['configured-es', 'configured-ed', ...made.map(({ kid }) => kid)]))
  t.equal(ring.signingKid('ES256'), 'configured-es')
  advance(10 * MINUTE_MS - 1)
  t.equal(ring.signingKid('ES256'), 'configured-es')
  advance(1)
  t.equal(ring.signingKid('ES256'), next)
  t.match(ring.list().find(({ kid }) => kid === 'configured-es'), { state: 'retiring' })
  advance(LIFETIME_MS - 1)
  t.ok(ring.find('configured-es'), 'tokens of its last moment still live')
  advance(1)
  t.equal(ring.find('configured-es'), undefined)
  t.same(new Set(kids(ring)), new Set(made.map(({ kid }) => kid)))
  t.notOk(JSON.stringify(ring.publicJwks()).includes('"d"'), 'and nothing private is published')
})

t.test('a token that lives longer than the profile says keeps its key', async (t) => {
  const { open, advance, stores } = openBench(t)
  const ring = await open()
  await ring.sign('configured-es', Buffer.from('x'), 1_700_000_000_000 + 5 * LIFETIME_MS)
  await ring.rotate(0)
  const other = await open()
  advance(4 * LIFETIME_MS)
  for (const each of [ring, other]) t.ok(each.find('configured-es'))
  advance(2 * LIFETIME_MS)
  for (const each of [ring, other]) t.equal(each.find('configured-es'), undefined)
  await ring.rotate(0)
  advance(2 * LIFETIME_MS)
  await ring.refresh()
  t.equal((await stores.keyValue.list('signing-key', { limit: 100 })).length, 2, 'what has ended is forgotten')
})

t.test('a sandbox\'s own key signs for it alone, and for a day', async (t) => {
  const { open, advance } = openBench(t)
  const ring = await open()
  const [own] = await ring.rotateForSandbox(A, ['ES256']) ?? []
  t.equal(ring.signingKid('ES256', A), own?.kid)
  t.equal(ring.signingKid('ES256', B), 'configured-es')
  t.equal(ring.signingKid('ES256'), 'configured-es')
  t.equal(ring.signingKid('EdDSA', A), 'configured-ed')
  t.equal(kids(ring).length, 3, 'the others see one more key')
  advance(1)
  const [second] = await ring.rotateForSandbox(A, ['ES256']) ?? []
  t.equal(ring.signingKid('ES256', A), second?.kid)
  t.match(ring.list().find(({ kid }) => kid === own?.kid), { state: 'retiring', sandboxId: A })
  advance(SANDBOX_KEY_SIGNS_MS)
  t.equal(ring.signingKid('ES256', A), 'configured-es', 'it ends by itself')
  t.ok(ring.find(second?.kid ?? ''))
  advance(LIFETIME_MS)
  t.same(new Set(kids(ring)), new Set(['configured-es', 'configured-ed']))
})

t.test('a sandbox\'s own keys do not flood the key set, and the installation\'s next key ends them', async (t) => {
  const { open, advance } = openBench(t)
  const ring = await open()
  for (let index = 0; index < SANDBOX_KEYS_MAX; index++) t.ok(await ring.rotateForSandbox(A, ['ES256']))
  t.equal(await ring.rotateForSandbox(A, ['ES256']), undefined)
  t.ok(await ring.rotateForSandbox(B, ['ES256']), 'its neighbour may')
  advance(1)
  const [shared] = await ring.rotate(0)
  for (const sandboxId of [A, B]) t.equal(ring.signingKid('ES256', sandboxId), shared?.kid)
  advance(LIFETIME_MS)
  t.equal(kids(ring).length, 2)
})

t.test('instances share one ring: a new key verifies and signs on each at once, and after a restart', async (t) => {
  const { open } = openBench(t)
  const [here, there] = [await open(), await open()]
  const made = await here.rotate(0)
  const kid = made[0]?.kid ?? ''
  t.equal(there.signingKid('ES256'), kid)
  t.same(there.publicJwks().length, 4)
  const later = await open()
  t.equal(later.signingKid('ES256'), kid)
  const data = Buffer.from('signed')
  for (const ring of [here, there, later]) {
    const signature = await ring.sign(kid, data)
    for (const other of [here, there, later]) t.ok((await other.find(kid))?.verifies(data, signature))
  }
})

t.test('an instance that missed the notice still finds the key, in the store', async (t) => {
  const { open } = openBench(t)
  const deaf = await open({ notices: { publish: () => {}, subscribe: () => () => {} } })
  const [made] = await (await open()).rotate(0)
  t.notOk(kids(deaf).includes(made?.kid ?? ''))
  t.ok(await deaf.find(made?.kid ?? ''))
  t.equal(deaf.signingKid('ES256'), made?.kid)
  for (const kid of ['', 'x', 'x'.repeat(12), '__proto__', 'x'.repeat(10_000)]) t.equal(await deaf.find(kid), undefined, kid.slice(0, 20))
})

t.test('two rotations at once, on two instances, do no harm', async (t) => {
  const { open } = openBench(t)
  const [here, there] = [await open(), await open()]
  const made = (await Promise.all([here.rotate(0), there.rotate(0)])).flat()
  await Promise.all([here.refresh(), there.refresh()])
  t.equal(here.signingKid('ES256'), there.signingKid('ES256'))
  for (const { kid } of made) for (const ring of [here, there]) t.ok(await ring.find(kid))
})

t.test('private keys lie sealed in the store, and open under no other secret and no other name', async (t) => {
  const { open, stores } = openBench(t)
  const ring = await open()
  const made = await ring.rotate(0)
  const rows = await stores.keyValue.list('signing-key', { limit: 10 })
  t.equal(rows.length, 2)
  for (const { value } of rows) t.notOk(/"d"|PRIVATE/.test(JSON.stringify(value)))
  const stranger = await open({ secrets: ['another secret'] })
  t.equal(stranger.signingKid('ES256'), 'configured-es', 'what cannot be opened does not sign')
  t.ok(stranger.find(made[0]?.kid ?? ''), 'but verifies')
  const [first, second] = rows.map(({ value }) => value as { readonly sealed: string })
  const sealer = createKeySealer(['first secret'])
  t.ok(sealer.open(first?.sealed ?? '', rows[0]?.key ?? ''))
  t.equal(sealer.open(first?.sealed ?? '', rows[1]?.key ?? ''), undefined)
  t.equal(sealer.open(`${second?.sealed.slice(0, -2) ?? ''}AA`, rows[1]?.key ?? ''), undefined)
  for (const broken of ['', 'AA', 'A'.repeat(40)]) t.equal(sealer.open(broken, 'x'), undefined)
})

t.test('a cookie secret can be replaced: keys are sealed anew under the first', async (t) => {
  const { open } = openBench(t)
  const [made] = await (await open()).rotate(0)
  await open({ secrets: ['second secret', 'first secret'] })
  await new Promise(setImmediate)
  t.equal((await open({ secrets: ['second secret'] })).signingKid('ES256'), made?.kid)
})

t.test('another configured key takes over from all that were made before', async (t) => {
  const { open, advance } = openBench(t)
  const made = await (await open()).rotate(0)
  const fresh = await generateSigningKey('ES256', 'configured-anew', 2048)
  const ring = await open({ configured: [fresh, es256, ed] })
  t.equal(ring.signingKid('ES256'), 'configured-anew')
  t.match(ring.list().filter(({ alg }) => alg === 'ES256'), [{ kid: 'configured-anew', state: 'signing' }, { kid: made[0]?.kid, state: 'retiring' }, { kid: 'configured-es', state: 'verifying' }])
  advance(LIFETIME_MS)
  t.equal(ring.find(made[0]?.kid ?? ''), undefined)
  t.ok(ring.find('configured-es'), 'a key that is configured verifies as long as it is')
})

t.test('every algorithm signs what its public key verifies', async (t) => {
  const algorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']
  const { open } = openBench(t)
  const ring = await open({ configured: await Promise.all(algorithms.map(async (alg) => await generateSigningKey(alg, `key-${alg}`, 2048))) })
  t.same(ring.algorithms, algorithms)
  for (const alg of algorithms) {
    const signature = await ring.sign(`key-${alg}`, Buffer.from(alg))
    const key = await ring.find(`key-${alg}`)
    t.ok(key?.verifies(Buffer.from(alg), signature), alg)
    t.notOk(key?.verifies(Buffer.from(`${alg}!`), signature), `${alg}, other text`)
    t.notOk(key?.verifies(Buffer.from(alg), signature.subarray(1)), `${alg}, shorter`)
  }
  const rsa = ring.publicJwks().find(({ alg }) => alg === 'RS256')
  const openssl = verify('sha256', Buffer.from('RS256'), createPublicKey({ key: { ...rsa }, format: 'jwk' }), await ring.sign('key-RS256', Buffer.from('RS256')))
  t.ok(openssl)
  const large = await generateSigningKey('PS256', 'large', 3072)
  t.equal(Buffer.from(large.n ?? '', 'base64url').length * 8, 3072, 'rsa_key_bits')
})
