import type { ParsedCertificate } from './parsed-certificate.ts'

/** From the end entity to the anchor, both included; at least two long. */
export type Chain = readonly [ParsedCertificate, ParsedCertificate, ...ParsedCertificate[]]

/** Intermediates between the end entity and the anchor. */
const INTERMEDIATES_MAX = 4
/** A peer chooses what intermediates it sends, so what they can cost is bounded. */
const SIGNATURE_CHECKS_MAX = 24

/**
 * Every chain from a certificate to one of the anchors, shortest first (RFC 5280 §6.1, names, key identifiers, key usage
 * and signatures). Each issuer is an authority's certificate; validity, path lengths and purposes are judged by who takes
 * the chains. Gives up after 24 signature checks.
 */
export function * findChains (leaf: ParsedCertificate, intermediates: readonly ParsedCertificate[], anchors: readonly ParsedCertificate[]): Generator<Chain> {
  const budget = { checks: SIGNATURE_CHECKS_MAX }
  let open: ParsedCertificate[][] = [[leaf]]
  for (let depth = 0; depth <= INTERMEDIATES_MAX && open.length > 0; depth++) {
    for (const path of open) {
      for (const anchor of findIssuers(path, anchors, budget)) yield [...path, anchor] as unknown as Chain
    }
    open = open.flatMap((path) => findIssuers(path, intermediates.filter((one) => !isOnPath(path, one)), budget).map((issuer) => [...path, issuer]))
  }
}

/** True when the issuer's name, key identifier, usage and signature are on the certificate, and it is an authority's. */
export function isIssuedBy (certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  return mayBeIssuedBy(certificate, issuer) && isSignedBy(certificate, issuer)
}

function findIssuers (path: readonly ParsedCertificate[], candidates: readonly ParsedCertificate[], budget: { checks: number }): ParsedCertificate[] {
  const certificate = path.at(-1)
  if (certificate === undefined) return []
  return candidates.filter((issuer) => mayBeIssuedBy(certificate, issuer) && budget.checks-- > 0 && isSignedBy(certificate, issuer))
}

function mayBeIssuedBy (certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  return issuer.x509.ca && certificate.x509.checkIssued(issuer.x509)
}

function isSignedBy (certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  try {
    return certificate.x509.verify(issuer.publicKey)
  } catch {
    return false
  }
}

function isOnPath (path: readonly ParsedCertificate[], certificate: ParsedCertificate): boolean {
  return path.some((one) => one.der.equals(certificate.der))
}
