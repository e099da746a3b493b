import type { CertificateThumbprint, Clock } from '../kernel/index.ts'
import { findChains, isIssuedBy } from './certificate-chain.ts'
import type { ListedRevocations } from './crl/listed-revocations.ts'
import { judgeChain, type CertificateRefusalCode, type OwnAuthority } from './judge-chain.ts'
import { parseCertificate, serialOf, thumbprintOf, type ParsedCertificate } from './parsed-certificate.ts'
import { decodePem } from './pem.ts'

/** What the verifier says of a certificate. `detail` is the exact cause, for the explanation and not for the wire. */
export type CertificateVerdict =
  | { readonly kind: 'trusted', readonly certificate: VerifiedCertificate }
  | { readonly kind: 'refused', readonly code: CertificateRefusalCode, readonly detail: string, readonly thumbprint?: CertificateThumbprint }

/** A certificate that was verified, with every name that RFC 8705 §2.1.2 can bind a client to. */
export interface VerifiedCertificate {
  /** base64url SHA-256 of the DER as received (RFC 8705 §3.1). */
  readonly thumbprint: CertificateThumbprint
  /** Lower-case hex. */
  readonly serial: string
  /** RFC 4514 form. */
  readonly subjectDn: string
  readonly issuerDn: string
  readonly notBeforeMs: number
  /** The last second of validity, inclusive (RFC 5280 §4.1.2.5). */
  readonly notAfterMs: number
  /** From the subject alternative name (RFC 5280 §4.2.1.6), as are the next three. */
  readonly dnsNames: string[]
  readonly uris: string[]
  /** Dotted decimals, or the form of RFC 5952. */
  readonly ips: string[]
  readonly emails: string[]
  readonly der: Buffer
}

export interface VerifierDeps {
  readonly authority: OwnAuthority & { readonly certificatePem: string }
  /** PEM bundles of further authorities whose client certificates are trusted. */
  readonly extraAnchorsPem: readonly string[]
  /** The revocation lists of those authorities. */
  readonly listed?: Pick<ListedRevocations, 'find'>
  readonly clock: Clock
}

/** The peer chooses how many it sends; those beyond are not looked at. */
const INTERMEDIATES_READ_MAX = 8

/**
 * Makes the function that verifies a client certificate by path validation (RFC 5280 §6.1): a chain to our authority or a
 * further anchor, directly or through the intermediates given; signatures of every link; authority flags, key usages and
 * path lengths of issuers; validity of every certificate, the anchor's included, by the clock given; revocation, for what
 * our own authority issued and for what the lists given name; and the purpose of RFC 5280 §4.2.1.12. It is synchronous, and costs some 0.2 ms: once per socket.
 *
 * A certificate without extended key usage is accepted, since by that section it is restricted to no purpose, and
 * production's doors accept it too; one that lists purposes must list clientAuth, and anyExtendedKeyUsage alone does not
 * count, as with OpenSSL. Refused are also certificates of authorities, keys under the strength of `explainWeakKey`
 * (Ed25519 and Ed448 are fine), signatures over MD5 or SHA-1, and critical extensions that are not applied here (name constraints
 * are not).
 *
 * A qualified certificate for seals or signatures is refused too: it authenticates nobody, whatever its key usage.
 *
 * Of several causes the first is told: trust, validity, revocation, purpose.
 *
 * @throws when an anchor is unreadable or is no authority's certificate: the configuration is wrong
 */
export function createClientCertificateVerifier (deps: VerifierDeps): (der: Buffer, intermediates?: readonly Buffer[]) => CertificateVerdict {
  const anchors = [deps.authority.certificatePem, ...deps.extraAnchorsPem].flatMap(readAnchors)
  const own = anchors[0]
  if (own === undefined) throw new Error('There is no authority to trust')
  return (der, intermediates = []) => {
    const leaf = parseCertificate(der)
    if (leaf === undefined) return { kind: 'refused', code: 'certificate_untrusted', detail: 'What was sent is not one well-formed certificate in DER', thumbprint: thumbprintOf(der) }
    const pool = readIntermediates(intermediates)
    let first: CertificateVerdict | undefined
    for (const chain of findChains(leaf, pool, anchors)) {
      const refusal = judgeChain(chain, { nowMs: deps.clock.nowMs(), authority: deps.authority, authorityKeyDer: own.publicKeyDer, listed: deps.listed })
      if (refusal === undefined) return { kind: 'trusted', certificate: describe(leaf) }
      first ??= { kind: 'refused', ...refusal, thumbprint: thumbprintOf(der) }
    }
    return first ?? { kind: 'refused', code: 'certificate_untrusted', detail: explainNoChain(leaf, pool, anchors), thumbprint: thumbprintOf(der) }
  }
}

function readAnchors (pem: string): ParsedCertificate[] {
  const blocks = decodePem(pem, ['CERTIFICATE', 'X509 CERTIFICATE'])
  if (blocks === undefined) throw new Error('The bundle of trusted authorities holds no readable PEM certificate')
  return blocks.map((der, index) => {
    const anchor = parseCertificate(der)
    if (anchor === undefined) throw new Error(`Certificate ${index + 1} of the bundle of trusted authorities is malformed`)
    if (!anchor.x509.ca) throw new Error(`Certificate ${index + 1} of the bundle of trusted authorities (${anchor.fields.subjectDn}) is not an authority's: its basic constraints lack CA (RFC 5280 §4.2.1.9)`)
    return anchor
  })
}

function readIntermediates (ders: readonly Buffer[]): ParsedCertificate[] {
  return ders.slice(0, INTERMEDIATES_READ_MAX).map(parseCertificate).filter((one) => one !== undefined)
}

function describe (leaf: ParsedCertificate): VerifiedCertificate {
  const { subjectDn, issuerDn, dnsNames, uris, ips, emails } = leaf.fields
  return {
    thumbprint: thumbprintOf(leaf.der),
    serial: serialOf(leaf.x509),
    subjectDn,
    issuerDn,
    notBeforeMs: leaf.x509.validFromDate.getTime(),
    notAfterMs: leaf.x509.validToDate.getTime(),
    dnsNames,
    uris,
    ips,
    emails,
    der: leaf.der,
  }
}

function explainNoChain (leaf: ParsedCertificate, pool: readonly ParsedCertificate[], anchors: readonly ParsedCertificate[]): string {
  const { subjectDn, issuerDn } = leaf.fields
  if (isSelfSigned(leaf)) return `The certificate of ${subjectDn} is self-signed`
  if (anchors.some((anchor) => anchor.fields.subjectDn === issuerDn)) {
    return `The certificate of ${subjectDn} names ${issuerDn} as its issuer, but is not signed by the key of the trusted authority of that name`
  }
  const links = pool.filter((one) => isIssuedBy(leaf, one))
  return links[0] === undefined
    ? `The certificate of ${subjectDn} is issued by ${issuerDn}, which is no trusted authority, and no intermediate leads to one`
    : `The certificate of ${subjectDn} is issued by ${issuerDn}, itself issued by ${links[0].fields.issuerDn}, which is no trusted authority`
}

function isSelfSigned (leaf: ParsedCertificate): boolean {
  try {
    return leaf.x509.checkIssued(leaf.x509) && leaf.x509.verify(leaf.publicKey)
  } catch {
    return false
  }
}
