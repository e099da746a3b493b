import { readAlternativeNames, type AlternativeName } from './alternative-names.ts'
import { createQualifiedExtension, type QualifiedStatement } from './qualified/qualified-statements.ts'
import type { KeyType } from './key-pair.ts'
import type { SubjectAttributes } from './subject-name.ts'
import {
  AuthorityInfoAccessExtension, CertificatePolicyExtension, CRLDistributionPointsExtension, ExtendedKeyUsageExtension, KeyUsageFlags,
  KeyUsagesExtension, SubjectAlternativeNameExtension, type Extension,
} from './x509.ts'

/** Where the key of a certificate comes from: made here, from a request (RFC 2986), or a public key that was proved before. */
export type KeySource =
  | { readonly kind: 'made', readonly type: KeyType }
  | { readonly kind: 'request', readonly csrPem: string }
  | { readonly kind: 'known', readonly publicKeyDer: Buffer }

/** Everything that is wanted of a certificate for an end entity. */
export interface CertificateOrder {
  readonly key: KeySource
  readonly subject: SubjectAttributes
  /** See `readAlternativeNames`. */
  readonly names?: readonly AlternativeName[]
  readonly lifetimeMs: number
  /** `past` and `future` are for trying how a client takes them. Default: now. */
  readonly when?: 'now' | 'past' | 'future'
  /**
   * `client`: clientAuth (RFC 5280 §4.2.1.12). `server`: serverAuth alone, which the mutual-TLS door refuses. `website`:
   * both, as qualified website certificates have. `seal`: no extended key usage; signs documents and authenticates nobody.
   */
  readonly purpose: 'client' | 'server' | 'website' | 'seal'
  readonly qualified?: QualifiedStatement
}

/** Where relying parties find what was revoked (RFC 5280 §4.2.1.13, §4.2.2.1). */
export interface RevocationUrls { readonly crl: string, readonly ocsp: string, readonly issuer: string }

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const PURPOSES: Readonly<Record<CertificateOrder['purpose'], readonly string[]>> = { client: [CLIENT_AUTH], server: [SERVER_AUTH], website: [SERVER_AUTH, CLIENT_AUTH], seal: [] }
/** qcp-web-psd2 (ETSI TS 119 495 §6.1), and qcp-l-qscd (ETSI EN 319 411-2 §5.3). */
const POLICIES: Readonly<Record<string, readonly string[]>> = { website: ['0.4.0.19495.3.1'], seal: ['0.4.0.194112.1.3'] }

/**
 * The extensions that an order asks for; those that every certificate has are the authority's.
 *
 * @throws AlternativeNameRefused
 */
export function extensionsOf ({ purpose, names = [], qualified }: Pick<CertificateOrder, 'purpose' | 'names' | 'qualified'>, urls: RevocationUrls | undefined): Extension[] {
  const purposes = PURPOSES[purpose]
  const policies = qualified === undefined ? undefined : POLICIES[purpose]
  const alternatives = readAlternativeNames(names)
  return [
    // A seal commits its holder (ETSI EN 319 412-3 §4.3.2).
    new KeyUsagesExtension(purpose === 'seal' ? KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation : KeyUsageFlags.digitalSignature, true),
    ...(purposes.length === 0 ? [] : [new ExtendedKeyUsageExtension([...purposes])]),
    ...(alternatives.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternatives.map(({ kind, value }) => ({ type: kind === 'uri' ? 'url' : kind, value })))]),
    ...(policies === undefined ? [] : [new CertificatePolicyExtension([...policies])]),
    ...(qualified === undefined ? [] : [createQualifiedExtension(qualified)]),
    ...(urls === undefined ? [] : [new CRLDistributionPointsExtension([urls.crl]), new AuthorityInfoAccessExtension({ ocsp: urls.ocsp, caIssuers: urls.issuer })]),
  ]
}
