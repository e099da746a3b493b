import type { Clock } from '../kernel/index.ts'
import type { KeyValue, Notices } from '../stores/ports.ts'
import { extensionsOf, type CertificateOrder, type RevocationUrls } from './certificate-order.ts'
import { readCertificateRequest } from './certificate-request.ts'
import { createRootCertificate } from './create-root-certificate.ts'
import { createSigner, issueOrder, type OrderedCertificate, type Sign } from './issue-order.ts'
import { createKeyMaker, createKeyPair } from './key-pair.ts'
import { readAuthorityMaterial, type AuthorityMaterial } from './authority-material.ts'
import { signRevocationList } from './revocation-list.ts'
import { createOcspResponder, type OcspAnswer } from './ocsp/ocsp-responder.ts'
import { openRevocations, type Revocation, type Revocations, type RevokeOptions } from './revocations.ts'
import { readServerNames } from './server-names.ts'
import type { SignedCertificate } from './sign-certificate.ts'
import { createEmptyName, createSubjectName } from './subject-name.ts'
import { ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension } from './x509.ts'

/** A certificate with the private key that was made for it, which is kept nowhere else. */
export interface IssuedCertificate extends SignedCertificate {
  /** PKCS#8 in PEM. */
  readonly keyPem: string
}

/** Who a client certificate is for. */
export interface ClientSubject { readonly commonName: string, readonly organization?: string }

/** Our certificate authority. */
export interface Authority {
  readonly certificatePem: string
  /**
   * Issues for TLS servers (RFC 5280 §4.2.1.12, serverAuth): `hosts` are DNS names and IP addresses, and become the subject
   * alternative names (§4.2.1.6); the first that fits is the common name too.
   */
  readonly issueServerCertificate: (options: { readonly hosts: readonly string[], readonly lifetimeMs: number }) => Promise<IssuedCertificate>
  /** Issues for TLS clients (RFC 5280 §4.2.1.12, clientAuth), with a fresh key on P-256. */
  readonly issueClientCertificate: (options: ClientSubject & { readonly lifetimeMs: number }) => Promise<IssuedCertificate>
  /**
   * Issues a client certificate on a request (PKCS #10, RFC 2986) whose key stays with its maker. Only the public key and the
   * subject are taken. `subject` replaces the requested one: give it wherever the subject authenticates a client
   * (`tls_client_auth`, RFC 8705 §2.1), or a request could name somebody else's.
   *
   * @throws CertificateRequestRefused
   */
  readonly issueFromRequest: (csrPem: string, options: { readonly lifetimeMs: number, readonly subject?: ClientSubject }) => Promise<SignedCertificate>
  /**
   * Issues what is ordered. The private key is there when it was made here, and is kept nowhere.
   *
   * @throws CertificateRequestRefused, AlternativeNameRefused, KeysBusy, and RangeError for an unfit subject or lifetime
   */
  readonly issue: (order: CertificateOrder) => Promise<OrderedCertificate>
  /** The same from an authority that is made for this one certificate, that nobody trusts, and whose key is forgotten. */
  readonly issueUntrusted: (order: CertificateOrder) => Promise<OrderedCertificate & { readonly issuerPem: string }>
  /**
   * Revokes by serial number (RFC 5280 §5.3): stored, in force here at once, and announced to every other instance. When it throws
   * StoreUnavailable it may be in force here alone: repeat it.
   */
  readonly revoke: (serial: string, options?: RevokeOptions) => Promise<void>
  /** Whether a serial number is revoked; from memory. */
  readonly isRevoked: (serial: string) => boolean
  /** When and why a serial number was revoked; from memory. */
  readonly findRevocation: (serial: string) => Revocation | undefined
  /** Changes with each revocation known here: what was verified under another generation must be verified again. */
  readonly revocationGeneration: () => number
  /** The revocation list (RFC 5280 §5) in PEM. Signed anew when something was revoked, and each hour. */
  readonly revocationList: () => Promise<string>
  /** Answers an OCSP request (RFC 6960) in DER, with one in DER. Never throws. */
  readonly answerOcsp: (request: Uint8Array) => Promise<OcspAnswer>
  /** Reads the stored revocations again, because a notice is delivered at most once. Run it now and then when several instances share a store. */
  readonly reloadRevocations: () => Promise<void>
  /** Ends the subscription to notices. */
  readonly close: () => void
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const STRANGER_LIFETIME_MS = 365 * 86_400_000
const LIST_REUSED_MS = 3_600_000
const COMMON_NAME_LENGTH_MAX = 64

export interface AuthorityDeps {
  readonly certificatePem: string
  readonly keyPem: string
  readonly clock: Clock
  readonly keyValue: KeyValue
  readonly notices: Notices
  /** Written into client certificates. */
  readonly revocationUrls?: RevocationUrls
  /** Whether a serial number was given out: OCSP tells `good` from `unknown` by it. Left out, every one was. */
  readonly isIssued?: (serial: string) => Promise<boolean>
}

/**
 * Opens an authority (RFC 5280 §3.2) from its certificate and key, EC or RSA, and loads what it has revoked.
 *
 * @throws when certificate and key do not belong together, when the certificate is no authority's or not in force, and
 * StoreUnavailable when the revocations cannot be read: without them a revoked certificate would pass
 */
export async function openAuthority (deps: AuthorityDeps): Promise<Authority> {
  const material = readAuthorityMaterial(deps)
  const revocations = await openRevocations(deps)
  const sign = createSigner(material, deps.clock)
  const makeKey = createKeyMaker()
  const { revocationUrls } = deps
  const issue: Authority['issue'] = async (order) => await issueOrder(order, { sign, makeKey, revocationUrls })
  return {
    certificatePem: material.certificatePem,
    issue,
    issueUntrusted: async (order) => {
      const stranger = await createRootCertificate({ commonName: 'Sandgate untrusted test CA', lifetimeMs: STRANGER_LIFETIME_MS, clock: deps.clock })
      const strangerSign = createSigner(readAuthorityMaterial({ ...stranger, clock: deps.clock }), deps.clock)
      return { ...await issueOrder(order, { sign: strangerSign, makeKey, revocationUrls: undefined }), issuerPem: stranger.certificatePem }
    },
    issueServerCertificate: async ({ hosts, lifetimeMs }) => await issueServer(sign, hosts, lifetimeMs),
    issueClientCertificate: async ({ lifetimeMs, ...subject }) => {
      const { keyPem = '', ...signed } = await issue({ subject, lifetimeMs, key: { kind: 'made', type: 'ec-p256' }, purpose: 'client' })
      return { ...signed, keyPem }
    },
    issueFromRequest: async (csrPem, { lifetimeMs, subject }) => {
      const request = await readCertificateRequest(csrPem)
      const extensions = extensionsOf({ purpose: 'client' }, revocationUrls)
      return await sign({ subject: subject === undefined ? request.subject : createSubjectName(subject), publicKeyDer: request.publicKeyDer, lifetimeMs, extensions })
    },
    findRevocation: revocations.find,
    answerOcsp: createOcspResponder({ material, clock: deps.clock, findRevocation: revocations.find, isIssued: deps.isIssued ?? (async () => await Promise.resolve(true)) }),
    revoke: revocations.revoke,
    isRevoked: revocations.isRevoked,
    revocationGeneration: revocations.generation,
    revocationList: createRevocationLists(material, revocations, deps.clock),
    reloadRevocations: revocations.reload,
    close: revocations.close,
  }
}

async function issueServer (sign: Sign, hosts: readonly string[], lifetimeMs: number): Promise<IssuedCertificate> {
  const names = readServerNames(hosts)
  const commonName = names.find(({ value }) => value.length <= COMMON_NAME_LENGTH_MAX)?.value
  const extensions = [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([SERVER_AUTH]),
    // Critical where it is the only name (RFC 5280 §4.1.2.6).
    new SubjectAlternativeNameExtension(names.map((name) => ({ ...name })), commonName === undefined),
  ]
  const subject = commonName === undefined ? createEmptyName() : createSubjectName({ commonName })
  const { keyPem, publicKeyDer } = await createKeyPair()
  return { ...await sign({ subject, publicKeyDer, lifetimeMs, extensions }), keyPem }
}

/** Keeps the last list, because anybody may ask for it and signing costs. */
function createRevocationLists (material: AuthorityMaterial, revocations: Revocations, clock: Clock): () => Promise<string> {
  let last: { readonly generation: number, readonly madeMs: number, readonly list: Promise<string> } | undefined
  return async () => {
    const nowMs = clock.nowMs()
    const generation = revocations.generation()
    const isFresh = last !== undefined && last.generation === generation && nowMs >= last.madeMs && nowMs - last.madeMs < LIST_REUSED_MS
    if (last !== undefined && isFresh) return await last.list
    const list = signRevocationList({ issuer: material.name, authorityKeyIdentifier: material.authorityKeyIdentifier, revoked: revocations.list(), nowMs }, material.signer)
    last = { generation, madeMs: nowMs, list }
    return await list
  }
}
