import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { cidrList } from '../../../gateway/pipeline/cidr-list.ts'
import { createPresentedCertificate } from '../../../gateway/tls/presented-certificate.ts'
import { createForeignCertificate } from '../../support/certs-foreign.ts'
import { requestOf } from '../../support/gateway-literals.ts'

const leaf = await createForeignCertificate({ name: 'CN=client' })
const encoded = `:${leaf.der.toString('base64')}:`

function present (options: { headers?: Record<string, string>, peer?: string, isMtls?: boolean, certificate?: X509Certificate, headerName?: string }) {
  const { headers = {}, peer = '10.0.0.1', isMtls = false, certificate, headerName = 'client-cert' } = options
  const socket = { remoteAddress: peer, getPeerX509Certificate: () => certificate, isSessionReused: () => false }
  const presented = createPresentedCertificate({ isMtls: () => isMtls, headerName, trustedProxies: cidrList(['10.0.0.0/8', 'fd00::/8']) })
  return { socket, result: presented(requestOf({ headers, socket }), peer) }
}

t.test('a certificate header from an untrusted peer is told as such, on both doors and whatever it holds', async (t) => {
  for (const isMtls of [false, true]) {
    for (const value of [encoded, '', ':AAAA:', 'x']) {
      for (const peer of ['192.0.2.1', '127.0.0.1', '::1', '::ffff:192.0.2.1', '']) {
        t.same(present({ headers: { 'client-cert': value }, peer, isMtls, certificate: new X509Certificate(leaf.pem) }).result, { kind: 'header-untrusted', header: 'client-cert' }, `${peer} ${isMtls ? 'mtls' : 'public'}`)
      }
    }
  }
})

t.test('a malformed header from a trusted proxy is no certificate (RFC 9440 §2.1: a byte sequence)', async (t) => {
  const bad = ['', 'AAAA', '::', ':AAAA:', encoded.slice(1), encoded.slice(0, -1), `${encoded};a=b`, `${encoded}, ${encoded}`, `"${encoded}"`, leaf.pem.replaceAll('\n', ' '), encodeURIComponent(leaf.pem), `:${'A'.repeat(20_000)}:`, `: ${encoded.slice(1)}`]
  for (const value of bad) t.same(present({ headers: { 'client-cert': value } }).result, { kind: 'missing' }, value.slice(0, 30))
})

t.test('a header from a trusted proxy is the certificate, and no connection may keep it', async (t) => {
  for (const peer of ['10.0.0.1', '::ffff:10.0.0.1', 'fd00::1']) {
    for (const isMtls of [false, true]) {
      const { result } = present({ headers: { 'client-cert': encoded }, peer, isMtls })
      t.equal(result.kind, 'certificate', peer)
      if (result.kind !== 'certificate') continue
      t.ok(result.der.equals(leaf.der))
      t.notOk('holder' in result, 'a proxy carries many clients over one connection')
    }
  }
})

t.test('bytes after the certificate are not part of it', async (t) => {
  const { result } = present({ headers: { 'client-cert': `:${Buffer.concat([leaf.der, Buffer.from('tail')]).toString('base64')}:` } })
  t.ok(result.kind === 'missing' || (result.kind === 'certificate' && result.der.equals(leaf.der)))
})

t.test('only the configured header counts', async (t) => {
  t.same(present({ headers: { 'client-cert': encoded }, headerName: 'x-client-cert' }).result, { kind: 'not-asked' })
  t.equal(present({ headers: { 'x-client-cert': encoded }, headerName: 'x-client-cert' }).result.kind, 'certificate')
})

t.test('the public door asks for nothing and takes nothing from the handshake', async (t) => {
  t.same(present({ certificate: new X509Certificate(leaf.pem) }).result, { kind: 'not-asked' })
})

t.test('the mutual-TLS door takes the certificate of the handshake, held by its connection', async (t) => {
  t.same(present({ isMtls: true }).result, { kind: 'missing' })
  const { result, socket } = present({ isMtls: true, certificate: new X509Certificate(leaf.pem) })
  t.match(result, { kind: 'certificate', intermediates: [] })
  t.ok(result.kind === 'certificate' && result.holder === socket)
})

t.test('intermediates come along, bounded, and a chain that circles ends', async (t) => {
  interface Link { fingerprint256: string, raw: Buffer, issuerCertificate?: object | undefined }
  const certificateWith = (fingerprint256: string, issuerCertificate?: object): Link => ({ raw: Buffer.from(fingerprint256), fingerprint256, issuerCertificate })
  const root = certificateWith('root')
  root.issuerCertificate = root
  const chained = certificateWith('leaf', certificateWith('middle', root))
  const { result } = present({ isMtls: true, certificate: chained as unknown as X509Certificate })
  t.same(result.kind === 'certificate' && result.intermediates.map(String), ['middle', 'root'])
  const circle = certificateWith('a')
  circle.issuerCertificate = certificateWith('b', circle)
  const round = present({ isMtls: true, certificate: circle as unknown as X509Certificate }).result
  t.same(round.kind === 'certificate' && round.intermediates.map(String), ['b'])
  const long = Array.from({ length: 50 }).reduce<object | undefined>((issuer, _none, index) => certificateWith(String(index), issuer), undefined)
  const cut = present({ isMtls: true, certificate: long as X509Certificate }).result
  t.equal(cut.kind === 'certificate' && cut.intermediates.length, 4)
})

t.test('a resumed session has the intermediates of the handshake that began it; a new handshake without them has none', (t) => {
  const chained = (raw: string, issuer?: object) => ({ raw: Buffer.from(raw), fingerprint256: raw, issuerCertificate: issuer })
  const presented = createPresentedCertificate({ isMtls: () => true, headerName: 'client-cert', trustedProxies: cidrList([]) })
  const connect = (certificate: object, isReused: boolean): string[] => {
    const socket = { remoteAddress: '192.0.2.1', getPeerX509Certificate: () => certificate, isSessionReused: () => isReused }
    const result = presented(requestOf({ socket }), '192.0.2.1')
    return result.kind === 'certificate' ? result.intermediates.map(String) : ['none']
  }
  t.same(connect(chained('a'), true), [], 'nothing is known of it yet')
  t.same(connect(chained('a', chained('middle')), false), ['middle'])
  t.same(connect(chained('a'), true), ['middle'])
  t.same(connect(chained('b'), true), [], 'another certificate has its own')
  t.same(connect(chained('a'), false), [])
  t.same(connect(chained('a'), true), [], 'and that is what is known from then on')
  t.end()
})

t.test('the intermediates of a connection are the same each time they are asked for, though the runtime tells them once', (t) => {
  let asked = 0
  const socket = { remoteAddress: '192.0.2.1', isSessionReused: () => false, getPeerX509Certificate: () => ({ raw: Buffer.from('a'), fingerprint256: 'a', issuerCertificate: asked++ === 0 ? { raw: Buffer.from('middle'), fingerprint256: 'middle' } : undefined }) }
  const presented = createPresentedCertificate({ isMtls: () => true, headerName: 'client-cert', trustedProxies: cidrList([]) })
  for (let time = 0; time < 2; time++) t.match(presented(requestOf({ socket }), '192.0.2.1'), { intermediates: [Buffer.from('middle')] })
  t.end()
})
