import { createPublicKey, verify } from 'node:crypto'
import { childrenOf, contentOf, objectIdentifierOf, readDer, writeDer } from './asn1.ts'
import { explainUnfitKey } from './key-strength.ts'
import { decodePem } from './pem.ts'
import { renderDistinguishedName } from './render-name.ts'
import { Name, Pkcs10CertificateRequest } from './x509.ts'

/** Why a certificate request is refused. The message can be shown to who sent it. */
export class CertificateRequestRefused extends Error {
  override readonly name = 'CertificateRequestRefused'
  readonly reason: 'malformed' | 'signature_invalid' | 'key_weak' | 'subject_empty'

  constructor (reason: CertificateRequestRefused['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/** What is taken over from a request: everything else in it, such as extensions that it asks for, is left. */
export interface ReadRequest { readonly subject: Name, readonly subjectDn: string, readonly publicKeyDer: Buffer }

const PEM_CHARACTERS_MAX = 32_768

/**
 * Reads a certification request (PKCS #10, RFC 2986 §4) in PEM, and proves by its signature that the sender has the key
 * (§3, note 2).
 *
 * @param options `isSubjectOurs`: the subject of the request is not looked at, so that an empty one will do
 * @throws CertificateRequestRefused when it is malformed, when the signature is not by the key in it, when the key is weak
 * (see `explainUnfitKey`), or when the subject is empty
 */
export async function readCertificateRequest (csrPem: string, { isSubjectOurs = false } = {}): Promise<ReadRequest> {
  const blocks = csrPem.length > PEM_CHARACTERS_MAX ? undefined : decodePem(csrPem, ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'])
  const der = blocks?.length === 1 ? blocks[0] : undefined
  if (der === undefined) throw new CertificateRequestRefused('malformed', 'Send one certificate request in PEM: -----BEGIN CERTIFICATE REQUEST-----')
  const request = parseRequest(der)
  const weakness = explainKey(request.publicKeyDer)
  if (weakness !== undefined) throw new CertificateRequestRefused('key_weak', `The key of the certificate request is refused: ${weakness}`)
  if (!await isSelfSigned(request, der)) throw new CertificateRequestRefused('signature_invalid', 'The certificate request is not signed by the key in it')
  if (!isSubjectOurs && request.subjectDn === '') throw new CertificateRequestRefused('subject_empty', 'The certificate request has no subject')
  return { subject: request.parsed.subjectName, subjectDn: request.subjectDn, publicKeyDer: request.publicKeyDer }
}

interface ParsedRequest { readonly parsed: Pkcs10CertificateRequest, readonly subjectDn: string, readonly publicKeyDer: Buffer }

function parseRequest (der: Buffer): ParsedRequest {
  try {
    const parsed = new Pkcs10CertificateRequest(Uint8Array.from(der))
    const [information] = childrenOf(readDer(der))
    const subjectDn = renderDistinguishedName(childrenOf(information)[1])
    if (subjectDn !== undefined) return { parsed, subjectDn, publicKeyDer: Buffer.from(parsed.publicKey.rawData) }
  } catch { /* told below */ }
  throw new CertificateRequestRefused('malformed', 'The certificate request is not well-formed (RFC 2986 §4)')
}

function explainKey (publicKeyDer: Buffer): string | undefined {
  try {
    return explainUnfitKey(createPublicKey({ key: publicKeyDer, format: 'der', type: 'spki' }))
  } catch {
    return 'it cannot be read'
  }
}

const ED25519 = '1.3.101.112'

async function isSelfSigned ({ parsed, publicKeyDer }: ParsedRequest, der: Buffer): Promise<boolean> {
  try {
    const [information, algorithm, signature] = childrenOf(readDer(der))
    if (objectIdentifierOf(childrenOf(algorithm)[0]) !== ED25519) return await parsed.verify()
    // RFC 8410 §3; the first octet of a BIT STRING counts unused bits. Web Crypto knows no such algorithm by the request's name.
    return information !== undefined && verify(null, writeDer(information), { key: publicKeyDer, format: 'der', type: 'spki' }, contentOf(signature).subarray(1))
  } catch {
    return false
  }
}
