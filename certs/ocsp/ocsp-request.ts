import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { id_pkix_ocsp_nonce as NONCE, OCSPRequest, type CertID } from '@peculiar/asn1-ocsp'
import type { Extension } from '@peculiar/asn1-x509'

/** What is taken over from a request. */
export interface ReadOcspRequest {
  /** One or more. */
  readonly certificates: readonly CertID[]
  /** Sent back as it came (RFC 9654 §2.1). */
  readonly nonce?: Extension
}

/** A request for one certificate has some 100 bytes; one that is signed, with a certificate, some 1500. */
export const OCSP_REQUEST_BYTES_MAX = 8192
const CERTIFICATES_MAX = 16
const NONCE_BYTES_MAX = 128
const SERIAL_BYTES_MAX = 21

/**
 * Reads an OCSPRequest (RFC 6960 §4.1). A signature on it is not looked at (§4.1.2 leaves that to the responder), for anybody
 * may ask. Bounds: 8 KiB, 16 certificates, serial numbers of 20 octets, a nonce of 1 to 128 (RFC 9654 §2.1, which replaced
 * RFC 8954).
 *
 * @returns undefined when it is malformed, beyond the bounds, of another version, or has a critical extension that is not known
 */
export function readOcspRequest (der: Uint8Array): ReadOcspRequest | undefined {
  if (der.length > OCSP_REQUEST_BYTES_MAX) return undefined
  try {
    const { tbsRequest } = AsnConvert.parse(der, OCSPRequest)
    const { requestList, requestExtensions = [] } = tbsRequest
    if (Number(tbsRequest.version) !== 0 || requestList.length === 0 || requestList.length > CERTIFICATES_MAX) return undefined
    const extensions = [...requestExtensions, ...requestList.flatMap(({ singleRequestExtensions = [] }) => singleRequestExtensions)]
    if (extensions.some(({ extnID, critical }) => critical && extnID !== NONCE)) return undefined
    const nonces = requestExtensions.filter(({ extnID }) => extnID === NONCE)
    const [nonce] = nonces
    if (nonces.length > 1 || (nonce !== undefined && !isNonce(nonce))) return undefined
    const certificates = requestList.map(({ reqCert }) => reqCert)
    if (certificates.some(({ serialNumber }) => serialNumber.byteLength === 0 || serialNumber.byteLength > SERIAL_BYTES_MAX)) return undefined
    return { certificates, ...(nonce === undefined ? {} : { nonce }) }
  } catch {
    return undefined
  }
}

function isNonce ({ extnValue }: Extension): boolean {
  const { byteLength } = AsnConvert.parse(extnValue.buffer, OctetString)
  return byteLength >= 1 && byteLength <= NONCE_BYTES_MAX
}
