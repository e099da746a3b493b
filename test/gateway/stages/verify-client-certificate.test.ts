import t from 'tap'
import type { CertificateVerdict } from '../../../certs/index.ts'
import { verifyClientCertificate, type Presented } from '../../../gateway/stages/verify-client-certificate.ts'
import { addsOf, arrivalOf, certificateOf, refusalOf } from '../../support/gateway-literals.ts'

const FACTS = { address: '192.0.2.1', addressKey: '192.0.2.1' }
const certificate = certificateOf({ notAfterMs: 5000 })

function createStage (options: { presented?: Presented, verdict?: CertificateVerdict } = {}) {
  const state = { generation: 0, nowMs: 1000, verified: 0, presented: options.presented ?? { kind: 'certificate', der: Buffer.from('a'), intermediates: [] }, verdict: options.verdict ?? { kind: 'trusted', certificate } }
  const stage = verifyClientCertificate({
    presented: () => state.presented,
    certificateHeader: 'client-cert',
    verify: () => {
      state.verified++
      return state.verdict
    },
    revocationGeneration: () => state.generation,
    clock: { nowMs: () => state.nowMs },
  })
  const socket = { remoteAddress: '192.0.2.1' }
  return { state, socket, decide: async (headers: Record<string, string> = {}) => await stage.decide({ ...arrivalOf({ socket, headers }), ...FACTS }) }
}

t.test('no certificate at the mutual-TLS door is refused', async (t) => {
  t.equal(refusalOf(await createStage({ presented: { kind: 'missing' } }).decide()).code, 'certificate_missing')
})

t.test('a certificate header from a peer that is not trusted is refused and never ignored', async (t) => {
  t.match(refusalOf(await createStage({ presented: { kind: 'header-untrusted', header: 'client-cert' } }).decide()), { code: 'certificate_header_untrusted', internalDetail: /client-cert/ })
})

t.test('what the verifier refuses is refused with its code and detail', async (t) => {
  for (const code of ['certificate_untrusted', 'certificate_expired', 'certificate_not_yet_valid', 'certificate_revoked', 'certificate_purpose_invalid'] as const) {
    t.match(refusalOf(await createStage({ verdict: { kind: 'refused', code, detail: 'because' } }).decide()), { code, internalDetail: 'because' })
  }
})

t.test('the public door passes without a certificate', async (t) => {
  t.equal(addsOf(await createStage({ presented: { kind: 'not-asked' } }).decide()).certificate, undefined)
})

t.test('a connection is verified once', async (t) => {
  const { state, socket, decide } = createStage()
  state.presented = { kind: 'certificate', der: Buffer.from('a'), intermediates: [], holder: socket }
  t.equal(addsOf(await decide()).certificate, certificate)
  t.equal(addsOf(await decide()).certificate, certificate)
  t.equal(state.verified, 1)
})

t.test('after a revocation an open connection is verified again', async (t) => {
  const { state, socket, decide } = createStage()
  state.presented = { kind: 'certificate', der: Buffer.from('a'), intermediates: [], holder: socket }
  await decide()
  state.generation++
  state.verdict = { kind: 'refused', code: 'certificate_revoked', detail: 'x' }
  t.equal(refusalOf(await decide()).code, 'certificate_revoked')
})

t.test('a certificate that expires during a connection is verified again, after its last moment and not at it', async (t) => {
  const { state, socket, decide } = createStage()
  state.presented = { kind: 'certificate', der: Buffer.from('a'), intermediates: [], holder: socket }
  await decide()
  state.nowMs = 5000
  await decide()
  t.equal(state.verified, 1)
  state.nowMs = 5001
  await decide()
  t.equal(state.verified, 2)
})

t.test('a refusal is not kept for a connection', async (t) => {
  const { state, socket, decide } = createStage({ verdict: { kind: 'refused', code: 'certificate_not_yet_valid', detail: 'x' } })
  state.presented = { kind: 'certificate', der: Buffer.from('a'), intermediates: [], holder: socket }
  await decide()
  state.verdict = { kind: 'trusted', certificate }
  t.equal(addsOf(await decide()).certificate, certificate)
})

t.test('without a holder, as from a proxy\'s header, every request is verified', async (t) => {
  const { state, decide } = createStage()
  await decide()
  await decide()
  t.equal(state.verified, 2)
})

t.test('a header is judged on every request, also on a connection that has proved another certificate', async (t) => {
  const { state, socket, decide } = createStage()
  state.presented = { kind: 'certificate', der: Buffer.from('a'), intermediates: [], holder: socket }
  await decide()
  state.presented = { kind: 'header-untrusted', header: 'client-cert' }
  t.equal(refusalOf(await decide({ 'client-cert': ':AAAA:' })).code, 'certificate_header_untrusted', 'from a peer that is not trusted')
  const other = certificateOf({ subjectDn: 'CN=other' })
  state.presented = { kind: 'certificate', der: Buffer.from('b'), intermediates: [] }
  state.verdict = { kind: 'trusted', certificate: other }
  t.equal(addsOf(await decide({ 'client-cert': ':AAAA:' })).certificate, other, 'from a proxy whose own certificate was verified')
})
