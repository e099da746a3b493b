import t from 'tap'
import { clauseUrl } from '../../../kernel/index.ts'
import { createHandshakes } from '../../../gateway/record/index.ts'

const open = () => {
  let nowMs = 1000
  return { handshakes: createHandshakes({ clock: { nowMs: () => nowMs++ }, doors: { minimumVersion: 'TLSv1.2', serverNames: () => ['localhost', '127.0.0.1'] } }) }
}
const KNOWN = ['ERR_SSL_NO_SHARED_CIPHER', 'ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_NO_APPLICATION_PROTOCOL', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'ECONNRESET', 'ERR_TLS_HANDSHAKE_TIMEOUT']

t.test('every reason has a cause, a clause and a fix of its own', async (t) => {
  const { handshakes } = open()
  for (const code of KNOWN) {
    handshakes.add({ door: 'mtls', code, address: '192.0.2.1', serverName: 'elsewhere.example', version: 'TLSv1.1' })
    const explanation = handshakes.list()[0]?.explanation
    t.not(explanation?.code, 'handshake_failed', code)
    t.match(explanation?.cause, /\.$/, code)
    t.match(clauseUrl(explanation?.clause ?? ''), /^https:/, code)
  }
})

t.test('a code that is not known is told in its own words', async (t) => {
  const { handshakes } = open()
  handshakes.add({ door: 'public', code: 'ERR_SSL_BAD_ECPOINT', address: '192.0.2.1' })
  t.match(handshakes.list()[0]?.explanation, { code: 'handshake_failed', cause: /bad ecpoint/, fix: /s_client/ })
})

t.test('what the client asked for and what would have done stand side by side', async (t) => {
  const { handshakes } = open()
  handshakes.add({ door: 'mtls', code: 'ERR_SSL_UNSUPPORTED_PROTOCOL', address: '', version: 'TLSv1.1' })
  t.match(handshakes.list()[0]?.explanation, { seen: /TLSv1\.1/, expected: /TLSv1\.2/ })
  handshakes.add({ door: 'mtls', code: 'ECONNRESET', address: '', serverName: 'elsewhere.example' })
  t.match(handshakes.list()[0]?.explanation, { seen: 'server name elsewhere.example', expected: /localhost, 127\.0\.0\.1/ })
})

t.test('equal ones are one entry, the list is bounded, and the latest stand first', async (t) => {
  const { handshakes } = open()
  for (let index = 0; index < 100; index++) handshakes.add({ door: 'mtls', code: 'ECONNRESET', address: '::ffff:192.0.2.1' })
  t.match(handshakes.list('192.0.2.1'), [{ address: '192.0.2.1', count: 100, firstMs: 1000, lastMs: 1099 }])
  for (let index = 0; index < 2000; index++) handshakes.add({ door: 'mtls', code: 'ECONNRESET', address: `2001:db8::${index}` })
  t.equal(handshakes.list().length, 500)
  t.equal(handshakes.list()[0]?.address, '2001:db8::1999')
  t.equal(handshakes.list('192.0.2.1').length, 0)
})
