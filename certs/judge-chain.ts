import type { ErrorCode } from '../kernel/index.ts'
import type { Chain } from './certificate-chain.ts'
import { explainWeakKey } from './key-strength.ts'
import type { ListedRevocations } from './crl/listed-revocations.ts'
import { serialOf, type ParsedCertificate } from './parsed-certificate.ts'
import { readQualifiedStatement } from './qualified/qualified-statements.ts'

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** What forbids to accept the end entity of a chain for client authentication (RFC 5280 §6.1), or undefined. */
export function judgeChain (chain: Chain, at: Circumstances): ChainRefusal | undefined {
  return judgeTrust(chain) ?? judgeValidity(chain, at.nowMs) ?? judgeRevocation(chain, at) ?? judgePurpose(chain)
}

/** The codes with which a client certificate is refused. */
export type CertificateRefusalCode = Extract<ErrorCode, 'certificate_untrusted' | 'certificate_expired' | 'certificate_not_yet_valid' | 'certificate_revoked' | 'certificate_purpose_invalid'>

/** The little that is asked of our own authority. */
export interface OwnAuthority { readonly isRevoked: (serial: string) => boolean }

interface Circumstances {
  readonly nowMs: number
  readonly authority: OwnAuthority
  /** DER of our authority's SubjectPublicKeyInfo: what that key signed is ours to revoke, whatever certificate the key has. */
  readonly authorityKeyDer: Buffer
  /** What other authorities have revoked. */
  readonly listed?: Pick<ListedRevocations, 'find'> | undefined
}

type ChainRefusal = { readonly code: CertificateRefusalCode, readonly detail: string }

/** Strength, criticality and path length of every certificate below the anchor, whose own contents are given trust. */
function judgeTrust (chain: Chain): ChainRefusal | undefined {
  const causes = chain.slice(0, -1).map(explainWeakness)
  const cause = causes.find((one) => one !== undefined) ?? explainPathLength(chain)
  return cause === undefined ? undefined : { code: 'certificate_untrusted', detail: cause }
}

function explainWeakness (certificate: ParsedCertificate): string | undefined {
  const { subjectDn, unknownCriticalExtensions } = certificate.fields
  const algorithm = certificate.x509.signatureAlgorithm ?? ''
  if (/md[245]|sha-?1(?!\d)/i.test(algorithm)) return `The certificate of ${subjectDn} is signed with ${algorithm}, which is not accepted`
  const weakness = isEdwards(certificate) ? undefined : explainWeakKey(certificate.publicKey)
  if (weakness !== undefined) return `The certificate of ${subjectDn} has an unacceptable key: ${weakness}`
  return unknownCriticalExtensions.length === 0 ? undefined : `The certificate of ${subjectDn} has critical extensions that are not supported: ${unknownCriticalExtensions.join(', ')} (RFC 5280 §4.2)`
}

function isEdwards ({ publicKey }: ParsedCertificate): boolean {
  return publicKey.asymmetricKeyType === 'ed25519' || publicKey.asymmetricKeyType === 'ed448'
}

/** RFC 5280 §4.2.1.9: how many intermediates that are not self-issued may stand between an issuer and the end entity. */
function explainPathLength (chain: Chain): string | undefined {
  for (let index = 1; index < chain.length; index++) {
    const issuer = chain[index]
    const below = chain.slice(1, index).filter(({ fields }) => fields.subjectDn !== fields.issuerDn).length
    if (issuer !== undefined && below > (issuer.fields.pathLengthMax ?? Infinity)) {
      return `The authority ${issuer.fields.subjectDn} allows a path of ${issuer.fields.pathLengthMax ?? 0} intermediates and the chain has ${below}`
    }
  }
  return undefined
}

/** RFC 5280 §4.1.2.5: the period includes its first and its last second. */
function judgeValidity (chain: Chain, nowMs: number): ChainRefusal | undefined {
  for (const { x509, fields } of chain) {
    if (nowMs < x509.validFromDate.getTime()) {
      return { code: 'certificate_not_yet_valid', detail: `The certificate of ${fields.subjectDn} is valid from ${x509.validFromDate.toISOString()}; it is ${new Date(nowMs).toISOString()}` }
    }
    if (nowMs >= x509.validToDate.getTime() + 1000) {
      return { code: 'certificate_expired', detail: `The certificate of ${fields.subjectDn} expired at ${x509.validToDate.toISOString()}; it is ${new Date(nowMs).toISOString()}` }
    }
  }
  return undefined
}

/** Whatever our authority's key has signed, an intermediate of ours as well as the end entity; and what others list of theirs. */
function judgeRevocation (chain: Chain, { authority, authorityKeyDer, listed }: Circumstances): ChainRefusal | undefined {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1]
    const serial = serialOf(certificate.x509)
    if (issuer === undefined) return undefined
    if (issuer.publicKeyDer.equals(authorityKeyDer) && authority.isRevoked(serial)) return revoked(certificate, serial, '')
    const list = listed?.find(certificate, issuer)
    if (list !== undefined) return revoked(certificate, serial, ` by the list of ${list.issuerDn} of ${new Date(list.thisUpdateMs).toISOString()}`)
  }
  return undefined
}

function revoked ({ fields }: ParsedCertificate, serial: string, by: string): ChainRefusal {
  return { code: 'certificate_revoked', detail: `The certificate of ${fields.subjectDn} with the serial number ${serial} is revoked${by}` }
}

function judgePurpose (chain: Chain): ChainRefusal | undefined {
  const [leaf] = chain
  const { subjectDn } = leaf.fields
  // Node types `keyUsage` as always there; without an extended key usage it is undefined.
  const purposesOf = ({ x509 }: Chain[number]): readonly string[] | undefined => x509.keyUsage
  const misfit = chain.slice(0, -1).find((certificate) => purposesOf(certificate)?.includes(CLIENT_AUTH) === false)
  if (leaf.x509.ca) return purposeInvalid(`The certificate of ${subjectDn} is an authority's, not an end entity's`)
  if (misfit !== undefined) return purposeInvalid(`The extended key usage of the certificate of ${misfit.fields.subjectDn} (${misfit.x509.keyUsage.join(', ')}) lacks clientAuth`)
  const types = leaf.fields.hasQualifiedStatements ? readQualifiedStatement(leaf.der)?.types ?? [] : []
  if (types.length > 0 && !types.includes('web')) return purposeInvalid(`The certificate of ${subjectDn} is qualified for ${types.join(' and ')} and not for websites (ETSI EN 319 412-5 §4.2.3): it signs documents and authenticates nobody`)
  return leaf.fields.mayDigitallySign ? undefined : purposeInvalid(`The key usage of the certificate of ${subjectDn} lacks digitalSignature, which client authentication needs (RFC 5280 §4.2.1.3)`)
}

function purposeInvalid (detail: string): ChainRefusal {
  return { code: 'certificate_purpose_invalid', detail }
}
