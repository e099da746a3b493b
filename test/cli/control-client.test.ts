import t from 'tap'
import { explainFailure, findAccess } from '../../cli/control-client.ts'
import type { Terminal } from '../../cli/terminal.ts'

const QUICKSTART: Readonly<Record<string, string>> = {
  'quick/env': 'PUBLIC=\'https://localhost:18443\'\nMTLS=\'https://localhost:19443\'\n',
  'quick/sandbox.json': '{"sandboxKey":"sgsk_kept"}',
  'quick/operator-token': 'sgop_kept\n',
  'quick/ca.pem': 'PEM',
}

function terminalWith (environment: Terminal['environment'] = {}): Terminal {
  return { environment, readText: file => QUICKSTART[file], out: () => {}, err: () => {}, exit: () => {}, onStopSignal: () => {}, onReloadSignal: () => {}, writePrivate: () => undefined, askSecret: async () => undefined, readInput: () => '' }
}

t.test('the quickstart files name the address, the key and the authority of the installation', async t => {
  t.same(findAccess('developer', { directory: 'quick' }, terminalWith()), { url: 'https://localhost:18443', key: 'sgsk_kept', authorityPem: 'PEM' })
  t.equal(findAccess('operator', { directory: 'quick' }, terminalWith()).key, 'sgop_kept')
})

t.test('flags go before the environment, and both before the files', async t => {
  const terminal = terminalWith({ SANDGATE_URL: 'https://environment.test', SANDGATE_KEY: 'sgsk_environment' })
  t.match(findAccess('developer', { directory: 'quick' }, terminal), { url: 'https://environment.test', key: 'sgsk_environment' })
  t.equal(findAccess('developer', { directory: 'quick', url: 'https://flag.test' }, terminal).url, 'https://flag.test')
})

t.test('without anything there is no key, and the address is the default', async t => {
  t.same(findAccess('developer', { directory: 'none' }, terminalWith()), { url: 'https://localhost:8443', key: undefined, authorityPem: undefined })
})

t.test('a certificate that is not trusted is told apart from nobody answering', async t => {
  const access = findAccess('developer', { directory: 'quick' }, terminalWith())
  const explained = (code: string) => explainFailure(Object.assign(new Error('cause'), { code }), access)
  for (const code of ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED']) t.match(explained(code), /is not trusted: cause.*--ca/, code)
  t.match(explained('ERR_TLS_CERT_ALTNAME_INVALID'), /not for that name/)
  t.match(explained('ECONNREFUSED'), /^Nothing answers at https:\/\/localhost:18443: cause/)
})
