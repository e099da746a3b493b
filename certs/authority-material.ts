import type { Clock } from '../kernel/index.ts'
import { parseCertificate } from './parsed-certificate.ts'
import { decodePem, encodePem } from './pem.ts'
import { readSigningKey, type SigningKey } from './signing-key.ts'
import type { Validity } from './validity.ts'
import { AuthorityKeyIdentifierExtension, PeculiarCertificate, type Name } from './x509.ts'

/** What an authority signs with. */
export interface AuthorityMaterial {
  readonly certificatePem: string
  readonly name: Name
  readonly signer: SigningKey
  readonly validity: Validity
  /** Names the authority's key in what it signs (RFC 5280 §4.2.1.1). */
  readonly authorityKeyIdentifier: AuthorityKeyIdentifierExtension
}

/**
 * Checks that a certificate and a key are an authority's and belong together (RFC 5280 §4.2.1.3, §4.2.1.9).
 *
 * @throws Error that says what is wrong
 */
export function readAuthorityMaterial (deps: { readonly certificatePem: string, readonly keyPem: string, readonly clock: Clock }): AuthorityMaterial {
  const der = decodePem(deps.certificatePem, ['CERTIFICATE'])?.[0]
  const certificate = der && parseCertificate(der)
  if (certificate === undefined) throw new Error('The authority\'s certificate is not a readable PEM certificate')
  const { x509, fields } = certificate
  const signer = readSigningKey(deps.keyPem)
  if (!x509.checkPrivateKey(signer.key)) throw new Error(`The key does not belong to the authority's certificate (${fields.subjectDn})`)
  if (!x509.ca) throw new Error(`The certificate of ${fields.subjectDn} is not an authority's: its basic constraints lack CA (RFC 5280 §4.2.1.9)`)
  if (!fields.maySignCertificates || !fields.maySignRevocationLists) throw new Error(`The key usage of ${fields.subjectDn} must include keyCertSign and cRLSign (RFC 5280 §4.2.1.3)`)
  if (fields.subjectKeyIdentifier === undefined) throw new Error(`The certificate of ${fields.subjectDn} lacks a subject key identifier (RFC 5280 §4.2.1.2)`)
  const validity = { notBeforeMs: x509.validFromDate.getTime(), notAfterMs: x509.validToDate.getTime() }
  const nowMs = deps.clock.nowMs()
  if (nowMs < validity.notBeforeMs || nowMs > validity.notAfterMs) {
    throw new Error(`The certificate of ${fields.subjectDn} is valid from ${x509.validFromDate.toISOString()} to ${x509.validToDate.toISOString()}; make or configure another authority`)
  }
  return {
    certificatePem: encodePem('CERTIFICATE', certificate.der),
    name: new PeculiarCertificate(Uint8Array.from(certificate.der)).subjectName,
    signer,
    validity,
    authorityKeyIdentifier: new AuthorityKeyIdentifierExtension(fields.subjectKeyIdentifier),
  }
}
