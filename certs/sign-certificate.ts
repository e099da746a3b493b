import { randomBytes, X509Certificate } from 'node:crypto'
import type { CertificateThumbprint } from '../kernel/index.ts'
import { readCertificateFields } from './certificate-fields.ts'
import { serialOf, thumbprintOf } from './parsed-certificate.ts'
import { encodePem } from './pem.ts'
import type { SigningKey } from './signing-key.ts'
import type { Validity } from './validity.ts'
import { X509CertificateGenerator, type Extension, type Name } from './x509.ts'

/** A certificate of our authority, with what its holder and the client registry need of it. */
export interface SignedCertificate {
  readonly certificatePem: string
  /** Lower-case hex. */
  readonly serial: string
  /** base64url SHA-256 of the DER (RFC 8705 §3.1). */
  readonly thumbprint: CertificateThumbprint
  /** RFC 4514 form, as a client's `tls_client_auth_subject_dn` has it (RFC 8705 §2.1.2). */
  readonly subjectDn: string
  readonly notAfterMs: number
}

export interface CertificateContents {
  readonly subject: Name
  readonly issuer: Name
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKeyDer: Uint8Array
  readonly validity: Validity
  readonly extensions: readonly Extension[]
}

/** Signs a version 3 certificate (RFC 5280 §4.1) under a fresh serial number. */
export async function signCertificate (contents: CertificateContents, signer: SigningKey): Promise<SignedCertificate> {
  const signed = await X509CertificateGenerator.create({
    subject: contents.subject,
    issuer: contents.issuer,
    publicKey: Uint8Array.from(contents.publicKeyDer),
    notBefore: new Date(contents.validity.notBeforeMs),
    notAfter: new Date(contents.validity.notAfterMs),
    serialNumber: createSerial(),
    extensions: [...contents.extensions],
    signingKey: signer.cryptoKey,
    signingAlgorithm: signer.algorithm,
  })
  const der = Buffer.from(signed.rawData)
  const x509 = new X509Certificate(der)
  return {
    certificatePem: encodePem('CERTIFICATE', der),
    serial: serialOf(x509),
    thumbprint: thumbprintOf(der),
    subjectDn: readCertificateFields(der)?.subjectDn ?? '',
    notAfterMs: x509.validToDate.getTime(),
  }
}

/**
 * 17 octets: the first fixes sign and length (0x40 to 0x7f), the other 16 are random. RFC 5280 §4.1.2.2 wants a positive
 * number of at most 20 octets.
 */
function createSerial (): string {
  const bytes = randomBytes(17)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}
