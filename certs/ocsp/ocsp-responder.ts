import { createHash, X509Certificate } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  BasicOCSPResponse, CertStatus, id_pkix_ocsp_basic as BASIC_RESPONSE, KeyHash, OCSPResponse, OCSPResponseStatus, ResponderID, ResponseBytes, ResponseData,
  RevokedInfo, SingleResponse, type CertID,
} from '@peculiar/asn1-ocsp'
import { AlgorithmIdentifier, Certificate, CRLReason, CRLReasons } from '@peculiar/asn1-x509'
import type { Clock } from '../../kernel/index.ts'
import type { AuthorityMaterial } from '../authority-material.ts'
import { normaliseSerial } from '../parsed-certificate.ts'
import type { Revocation } from '../revocations.ts'
import { readOcspRequest, type ReadOcspRequest } from './ocsp-request.ts'
import { createResponderKeys, keyBitsOf, type ResponderKey } from './responder-key.ts'

/** An OCSPResponse (RFC 6960 §4.2.1) in DER. */
export interface OcspAnswer {
  readonly status: 'successful' | 'malformedRequest' | 'internalError' | 'tryLater'
  readonly der: Buffer
}

export interface OcspResponderDeps {
  readonly material: AuthorityMaterial
  readonly clock: Clock
  readonly findRevocation: (serial: string) => Revocation | undefined
  /** May reject when the store is lost: then `tryLater` is answered. */
  readonly isIssued: (serial: string) => Promise<boolean>
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/**
 * Makes the responder of an authority (RFC 6960): `good` for what it issued and did not revoke, `revoked` with time and
 * reason, `unknown` for other serial numbers and other issuers. Answers are made when they are asked for and say no next
 * update, which means that newer information is always to be had (§4.2.2.1): a revocation shows at once.
 */
export function createOcspResponder (deps: OcspResponderDeps): (request: Uint8Array) => Promise<OcspAnswer> {
  const responderKey = createResponderKeys(deps.material, deps.clock)
  const isOurs = createIssuerCheck(deps.material)
  return async (der) => {
    const request = readOcspRequest(der)
    if (request === undefined) return refusal('malformedRequest')
    let statuses: CertStatus[]
    try {
      statuses = await Promise.all(request.certificates.map(async (id) => isOurs(id) ? await statusOf(id, deps) : new CertStatus({ unknown: null })))
    } catch {
      return refusal('tryLater')
    }
    try {
      return { status: 'successful', der: signAnswer(request, statuses, await responderKey(), deps.clock.nowMs()) }
    } catch {
      return refusal('internalError')
    }
  }
}

/** A CertID names its issuer by hashes of name and key (RFC 6960 §4.1.1), with a hash that the client chose. */
function createIssuerCheck ({ name, certificatePem }: AuthorityMaterial): (id: CertID) => boolean {
  const nameDer = Buffer.from(name.toArrayBuffer())
  const keyBits = keyBitsOf(new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' }))
  const known = new Map(Object.entries(HASHES).map(([oid, hash]) => [oid, [createHash(hash).update(nameDer).digest(), createHash(hash).update(keyBits).digest()] as const]))
  return ({ hashAlgorithm, issuerNameHash, issuerKeyHash }) => {
    const [nameHash, keyHash] = known.get(hashAlgorithm.algorithm) ?? []
    return nameHash?.equals(Buffer.from(issuerNameHash.buffer)) === true && keyHash?.equals(Buffer.from(issuerKeyHash.buffer)) === true
  }
}

async function statusOf ({ serialNumber }: CertID, { findRevocation, isIssued }: OcspResponderDeps): Promise<CertStatus> {
  const serial = normaliseSerial(Buffer.from(serialNumber).toString('hex'))
  if (serial === undefined) return new CertStatus({ unknown: null })
  const revocation = findRevocation(serial)
  if (revocation !== undefined) {
    const { revokedAtMs, reason } = revocation
    return new CertStatus({ revoked: new RevokedInfo({ revocationTime: toSecond(revokedAtMs), ...(reason === 'unspecified' ? {} : { revocationReason: new CRLReason(CRLReasons[reason]) }) }) })
  }
  return new CertStatus(await isIssued(serial) ? { good: null } : { unknown: null })
}

function signAnswer ({ certificates, nonce }: ReadOcspRequest, statuses: readonly CertStatus[], key: ResponderKey, nowMs: number): Buffer {
  const now = toSecond(nowMs)
  const tbsResponseData = new ResponseData({
    responderID: new ResponderID({ byKey: new KeyHash(Uint8Array.from(key.keyHash)) }),
    producedAt: now,
    responses: certificates.map((certID, index) => new SingleResponse({ certID, certStatus: statuses[index] ?? new CertStatus({ unknown: null }), thisUpdate: now })),
    ...(nonce === undefined ? {} : { responseExtensions: [nonce] }),
  })
  const toBeSigned = new Uint8Array(AsnConvert.serialize(tbsResponseData))
  const basic = new BasicOCSPResponse({
    tbsResponseData,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    signature: toArrayBuffer(key.sign(toBeSigned)),
    certs: [AsnConvert.parse(key.certificateDer, Certificate)],
  })
  const responseBytes = new ResponseBytes({ responseType: BASIC_RESPONSE, response: new OctetString(AsnConvert.serialize(basic)) })
  return Buffer.from(AsnConvert.serialize(new OCSPResponse({ responseStatus: OCSPResponseStatus.successful, responseBytes })))
}

/** An answer that says only why there is none (RFC 6960 §2.3); it is not signed. */
function refusal (status: Exclude<OcspAnswer['status'], 'successful'>): OcspAnswer {
  return { status, der: Buffer.from(AsnConvert.serialize(new OCSPResponse({ responseStatus: OCSPResponseStatus[status] }))) }
}

function toSecond (ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000)
}

function toArrayBuffer (bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
