import { createKeyPair } from './key-pair.ts'
import { parseCertificate } from './parsed-certificate.ts'
import { decodePem } from './pem.ts'
import { signCertificate } from './sign-certificate.ts'
import { readSigningKey } from './signing-key.ts'
import { PeculiarCertificate } from './x509.ts'

/**
 * Makes, for each authority of the bundles, a certificate that has its name and nothing else of it. A TLS server names such
 * authorities in the handshake (RFC 8446 §4.2.4), so that clients know which certificate to show, and verifies nothing by
 * them, which path validation here does anyhow. Given the real ones, OpenSSL would verify, and Node.js then hands over no
 * intermediates; and a forged signature would end the connection before the client could be told what is wrong.
 */
export async function createNameTwins (bundlesPem: readonly string[]): Promise<string[]> {
  const authorities = bundlesPem.flatMap((pem) => decodePem(pem, ['CERTIFICATE', 'X509 CERTIFICATE']) ?? []).map(parseCertificate).filter((one) => one !== undefined)
  return await Promise.all(authorities.map(async ({ der, x509, publicKey }) => {
    const name = new PeculiarCertificate(Uint8Array.from(der)).subjectName
    // A key of another algorithm than the authority's: OpenSSL does not try it on what the authority signed.
    const { publicKeyDer } = await createKeyPair(publicKey.asymmetricKeyType === 'ed25519' ? 'ec-p256' : 'ed25519')
    const signer = readSigningKey((await createKeyPair()).keyPem)
    const validity = { notBeforeMs: x509.validFromDate.getTime(), notAfterMs: x509.validToDate.getTime() }
    return (await signCertificate({ subject: name, issuer: name, publicKeyDer, validity, extensions: [] }, signer)).certificatePem
  }))
}
