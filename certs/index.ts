/**
 * The certificate authority: makes a root, issues server and client certificates (RFC 5280) from its own keys or from requests
 * (RFC 2986), revokes and lists what is revoked, exports PKCS #12 (RFC 7292), verifies client certificates and their
 * chains, and compares names (RFC 4514) for binding clients to certificates (RFC 8705).
 *
 * Stance: a certificate that cannot be understood wholly is refused. Revocations are read from memory, so a lost store delays news
 * of a revocation made elsewhere and never stops a request; opening without the store fails.
 */
export { AlternativeNameRefused, readAlternativeNames, type AlternativeName } from './alternative-names.ts'
export type { CertificateOrder, KeySource, RevocationUrls } from './certificate-order.ts'
export { CertificateRequestRefused } from './certificate-request.ts'
export { createClientCertificateVerifier, type CertificateVerdict, type VerifiedCertificate, type VerifierDeps } from './client-certificate-verifier.ts'
export { createRootCertificate } from './create-root-certificate.ts'
export { createListedRevocations, type ListedRevocations } from './crl/listed-revocations.ts'
export { readRevocationLists, RevocationListRefused, type RevocationListFile } from './crl/read-revocation-lists.ts'
export { isDistinguishedName, isSameDistinguishedName } from './distinguished-name.ts'
export type { CertificateRefusalCode } from './judge-chain.ts'
export type { OrderedCertificate } from './issue-order.ts'
export { KeysBusy, keyTypes, type KeyType } from './key-pair.ts'
export { createNameClaims, type NameClaims } from './name-claims.ts'
export { createNameTwins } from './name-twin.ts'
export { OCSP_REQUEST_BYTES_MAX } from './ocsp/ocsp-request.ts'
export type { OcspAnswer } from './ocsp/ocsp-responder.ts'
export { openAuthority, type Authority, type AuthorityDeps, type ClientSubject, type IssuedCertificate } from './open-authority.ts'
export { thumbprintOf } from './parsed-certificate.ts'
export { pspRoles, type Psd2, type PspRole } from './qualified/psd2.ts'
export { readQualifiedStatement, type QualifiedStatement } from './qualified/qualified-statements.ts'
export { revocationReasons, type RevocationReason } from './revocations.ts'
export type { SignedCertificate } from './sign-certificate.ts'
export { toJwk } from './to-jwk.ts'
export { toPkcs12, type Pkcs12Contents } from './to-pkcs12.ts'
