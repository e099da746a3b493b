import type { Clock } from '../kernel/index.ts'
import type { AuthorityMaterial } from './authority-material.ts'
import { extensionsOf, type CertificateOrder, type KeySource, type RevocationUrls } from './certificate-order.ts'
import { readCertificateRequest } from './certificate-request.ts'
import type { KeyPair, KeyType } from './key-pair.ts'
import { signCertificate, type SignedCertificate } from './sign-certificate.ts'
import { createSubjectName } from './subject-name.ts'
import { planOddValidity, planValidity } from './validity.ts'
import { BasicConstraintsExtension, PublicKey, SubjectKeyIdentifierExtension, type Extension, type Name } from './x509.ts'

/** A certificate, with its private key when that was made here. */
export type OrderedCertificate = SignedCertificate & { readonly keyPem?: string }

/** What is signed: an order whose key is settled. */
export interface SigningOrder {
  readonly subject: Name
  readonly publicKeyDer: Buffer
  readonly lifetimeMs: number
  readonly when?: CertificateOrder['when']
  readonly extensions: readonly Extension[]
}

export type Sign = (order: SigningOrder) => Promise<SignedCertificate>

/** Signs for one authority, and adds what every end entity's certificate has: that it is no authority (RFC 5280 §4.2.1.9), and both key identifiers. */
export function createSigner (material: AuthorityMaterial, clock: Clock): Sign {
  return async ({ subject, publicKeyDer, lifetimeMs, when = 'now', extensions }) => await signCertificate({
    subject,
    issuer: material.name,
    publicKeyDer,
    validity: when === 'now' ? planValidity(clock.nowMs(), lifetimeMs, material.validity) : planOddValidity(clock.nowMs(), lifetimeMs, when),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      ...extensions,
      await SubjectKeyIdentifierExtension.create(new PublicKey(Uint8Array.from(publicKeyDer))),
      material.authorityKeyIdentifier,
    ],
  }, material.signer)
}

/**
 * Settles the key of an order and signs it. The subject is always the order's: a request could name somebody else's.
 *
 * @throws CertificateRequestRefused, AlternativeNameRefused, KeysBusy, RangeError for an unfit subject or lifetime
 */
export async function issueOrder (order: CertificateOrder, deps: { readonly sign: Sign, readonly makeKey: (type: KeyType) => Promise<KeyPair>, readonly revocationUrls: RevocationUrls | undefined }): Promise<OrderedCertificate> {
  const subject = createSubjectName(order.subject)
  const extensions = extensionsOf(order, deps.revocationUrls)
  const { publicKeyDer, keyPem } = await settleKey(order.key, deps.makeKey)
  const signed = await deps.sign({ subject, publicKeyDer, lifetimeMs: order.lifetimeMs, when: order.when, extensions })
  return { ...signed, ...(keyPem === undefined ? {} : { keyPem }) }
}

async function settleKey (key: KeySource, makeKey: (type: KeyType) => Promise<KeyPair>): Promise<{ readonly publicKeyDer: Buffer, readonly keyPem?: string }> {
  switch (key.kind) {
    case 'made': return await makeKey(key.type)
    case 'known': return { publicKeyDer: key.publicKeyDer }
    case 'request': return { publicKeyDer: (await readCertificateRequest(key.csrPem, { isSubjectOurs: true })).publicKeyDer }
  }
}
