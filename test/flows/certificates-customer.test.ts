import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { DAY_MS } from '../support/certs-authority.ts'
import { createForeignCertificate } from '../support/certs-foreign.ts'
import { createOpensslCa } from '../support/certs-openssl-ca.ts'
import { runTool } from '../support/certs-openssl.ts'

const skip = await missingTools()

/** Certificates of an authority that a customer keeps with OpenSSL, at the door beside ours. */
t.test('a customer\'s own authority', { skip }, async (t) => {
  const ca = createOpensslCa()
  t.teardown(ca.remove)
  const files = { ca: join(ca.directory, 'bundle.pem'), root: join(ca.directory, 'root.list'), intermediate: join(ca.directory, 'intermediate.list') }
  writeFileSync(files.ca, ca.certificateOf('root'))
  writeFileSync(files.root, ca.list('root'))
  writeFileSync(files.intermediate, ca.list('intermediate'))
  const { sandgate, bearer, atDoor, made } = await openCertificateFlow(t, { 'tls.client_ca_file': files.ca, 'tls.client_crl_files': [files.root, files.intermediate] })
  /** With the intermediate in the handshake, as `--cert` of a chain sends it. */
  const withChain = (pair: { readonly certificatePem: string, readonly keyPem: string }) => ({ certificate: pair.certificatePem + ca.certificateOf('intermediate'), private_key: pair.keyPem })

  t.test('a stranger\'s authority of the same name is refused, and a chain that lacks its intermediate', async (t) => {
    const stranger = createOpensslCa()
    t.teardown(stranger.remove)
    const theirs = stranger.issue('root', 'x')
    t.equal(await atDoor({ certificate: theirs.certificatePem, private_key: theirs.keyPem }), '401 certificate_untrusted')
    const alone = ca.issue('intermediate', 'alone')
    t.equal(await atDoor({ certificate: alone.certificatePem, private_key: alone.keyPem }), '401 certificate_untrusted')
    t.equal(await atDoor(withChain(alone)), 200, 'with it, it is let in')
  })

  t.test('a forged signature under the name of a trusted authority is told in HTTP, and ends no connection', async (t) => {
    for (const name of ['CN=Sandgate development CA', 'CN=Customer root']) {
      const issuer = await createForeignCertificate({ name, isAuthority: true })
      const forged = await createForeignCertificate({ name: 'CN=forged', issuer, fromMs: Date.now() - DAY_MS, untilMs: Date.now() + DAY_MS })
      t.equal(await atDoor({ certificate: forged.pem, private_key: forged.keyPem }), '401 certificate_untrusted', name)
    }
  })

  t.test('both authorities are named in the handshake, so that clients know which certificate to show', async (t) => {
    const { output } = await runTool('sh', ['-c', `openssl s_client -connect localhost:${new URL(sandgate.mtlsUrl).port} -CAfile ca.pem </dev/null`], { 'ca.pem': sandgate.authorityPem })
    t.match(output, /Acceptable client certificate CA names\n(?:.*\n)*CN = Customer root\n/)
    t.match(output, /CN = Sandgate development CA/)
  })

  t.test('what the customer revokes is refused on an open connection once the list is read again', async (t) => {
    const leaf = ca.issue('intermediate', 'leaf')
    const pair = { certificatePem: withChain(leaf).certificate, keyPem: leaf.keyPem }
    const call = async () => await sandgate.call('GET', '/v1/customers', { door: 'mtls', token: bearer, certificate: pair })
    t.equal((await call()).status, 200)
    ca.revoke('intermediate', leaf.file)
    writeFileSync(files.intermediate, ca.list('intermediate'))
    await sandgate.gateway.reload()
    t.match(await call(), { status: 401, json: { code: 'certificate_revoked' } })
    t.equal(await atDoor(withChain(ca.issue('intermediate', 'other'))), 200, 'others are let in')
    t.equal(await atDoor(await made({})), 200, 'and ours')
  })

  t.test('a list that breaks is logged, and what it said stays', async (t) => {
    const leaf = ca.issue('root', 'rooted')
    ca.revoke('root', leaf.file)
    writeFileSync(files.root, ca.list('root'))
    await sandgate.gateway.reload()
    const pair = { certificate: leaf.certificatePem, private_key: leaf.keyPem }
    t.equal(await atDoor(pair), '401 certificate_revoked')
    writeFileSync(files.root, 'broken')
    await sandgate.gateway.reload()
    t.equal(await atDoor(pair), '401 certificate_revoked')
    t.ok(sandgate.logLines.some((line) => line.includes('root.list cannot be used as a revocation list')))
  })
})
