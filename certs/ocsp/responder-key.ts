import { createHash, createPrivateKey, sign } from 'node:crypto'
import type { Clock } from '../../kernel/index.ts'
import type { AuthorityMaterial } from '../authority-material.ts'
import { childrenOf, contentOf, readDer } from '../asn1.ts'
import { createKeyPair } from '../key-pair.ts'
import { decodePem } from '../pem.ts'
import { signCertificate } from '../sign-certificate.ts'
import { createSubjectName } from '../subject-name.ts'
import { planValidity } from '../validity.ts'
import { BasicConstraintsExtension, ExtendedKeyUsageExtension, Extension, KeyUsageFlags, KeyUsagesExtension, PublicKey, SubjectKeyIdentifierExtension } from '../x509.ts'

/** Signs OCSP answers in the authority's name (RFC 6960 §4.2.2.2). */
export interface ResponderKey {
  /** DER of the responder's certificate. */
  readonly certificateDer: Buffer
  /** SHA-1 of the public key's bits: the KeyHash of a ResponderID (RFC 6960 §4.2.1). */
  readonly keyHash: Buffer
  /** ECDSA with SHA-256, as a DER sequence. */
  readonly sign: (bytes: Uint8Array) => Buffer
}

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
const NO_CHECK = '1.3.6.1.5.5.7.48.1.5'
const DER_NULL = Uint8Array.from([5, 0])
const LIFETIME_MS = 7 * 86_400_000
const RENEW_BEFORE_MS = 86_400_000

/**
 * Hands out the responder's key: a delegate of the authority with a key in memory, renewed each six days, so that the
 * authority's own key signs nothing at a stranger's bidding. Its certificate says that it need not be checked itself
 * (§4.2.2.2.1).
 */
export function createResponderKeys (material: AuthorityMaterial, clock: Clock): () => Promise<ResponderKey> {
  let current: { readonly key: Promise<ResponderKey>, readonly untilMs: number } | undefined
  return async () => {
    const nowMs = clock.nowMs()
    if (current === undefined || nowMs > current.untilMs || nowMs < current.untilMs - LIFETIME_MS) {
      current = { key: makeResponder(material, nowMs), untilMs: nowMs + LIFETIME_MS - RENEW_BEFORE_MS }
      current.key.catch(() => { current = undefined })
    }
    return await current.key
  }
}

async function makeResponder (material: AuthorityMaterial, nowMs: number): Promise<ResponderKey> {
  const { keyPem, publicKeyDer } = await createKeyPair()
  const { certificatePem } = await signCertificate({
    subject: createSubjectName({ commonName: 'Sandgate OCSP responder' }),
    issuer: material.name,
    publicKeyDer,
    validity: planValidity(nowMs, LIFETIME_MS, material.validity),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([OCSP_SIGNING]),
      new Extension(NO_CHECK, false, DER_NULL),
      await SubjectKeyIdentifierExtension.create(new PublicKey(Uint8Array.from(publicKeyDer))),
      material.authorityKeyIdentifier,
    ],
  }, material.signer)
  const [certificateDer] = decodePem(certificatePem, ['CERTIFICATE']) ?? []
  if (certificateDer === undefined) throw new Error('the responder\'s certificate cannot be read back')
  const key = createPrivateKey(keyPem)
  return { certificateDer, keyHash: createHash('sha1').update(keyBitsOf(publicKeyDer)).digest(), sign: (bytes) => sign('sha256', bytes, key) }
}

/** The bits of a SubjectPublicKeyInfo's key, without tag, length and count of unused bits (RFC 6960 §4.1.1). */
export function keyBitsOf (publicKeyDer: Uint8Array): Buffer {
  return contentOf(childrenOf(readDer(publicKeyDer))[1]).subarray(1)
}
