import { createHash, X509Certificate, type KeyObject } from 'node:crypto'
import type { CertificateThumbprint } from '../kernel/index.ts'
import { readCertificateFields, type CertificateFields } from './certificate-fields.ts'

/** A certificate as node:crypto and as our own reading of the DER see it. */
export interface ParsedCertificate {
  readonly der: Buffer
  readonly x509: X509Certificate
  readonly fields: CertificateFields
  readonly publicKey: KeyObject
  /** DER of the SubjectPublicKeyInfo: equal for any two certificates of one key. */
  readonly publicKeyDer: Buffer
}

/** More is no certificate that a handshake would carry. */
const DER_BYTES_MAX = 65_536

/**
 * Parses the DER of one certificate (RFC 5280 §4.1).
 *
 * @returns undefined when it is malformed, is PEM, or is followed by anything: the thumbprint of a certificate must not
 * change with bytes that no signature covers
 */
export function parseCertificate (der: Buffer): ParsedCertificate | undefined {
  try {
    if (der.length > DER_BYTES_MAX) return undefined
    const x509 = new X509Certificate(der)
    const fields = readCertificateFields(der)
    if (fields === undefined || !x509.raw.equals(der)) return undefined
    const publicKey = x509.publicKey
    return { der, x509, fields, publicKey, publicKeyDer: publicKey.export({ type: 'spki', format: 'der' }) }
  } catch {
    return undefined
  }
}

/** base64url SHA-256 of the DER as received: `x5t#S256` (RFC 8705 §3.1). */
export function thumbprintOf (der: Uint8Array): CertificateThumbprint {
  return createHash('sha256').update(der).digest('base64url') as CertificateThumbprint
}

/** The serial number in lower-case hex, an even number of digits and no leading zero byte (RFC 5280 §4.1.2.2). */
export function serialOf (certificate: X509Certificate): string {
  return normaliseSerial(certificate.serialNumber) ?? certificate.serialNumber.toLowerCase()
}

/**
 * Brings a serial number to the form of `serialOf`; colons, upper case and leading zeros are accepted, as tools print them.
 *
 * @returns undefined when the text is no serial number of 1 to 20 octets
 */
export function normaliseSerial (text: string): string | undefined {
  const digits = text.toLowerCase().replaceAll(':', '').replace(/^0+(?=.)/, '')
  if (!/^[0-9a-f]{1,40}$/.test(digits)) return undefined
  return digits.length % 2 === 0 ? digits : `0${digits}`
}
