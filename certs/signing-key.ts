import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto'

/** A private key made ready to sign certificates and revocation lists. */
export interface SigningKey {
  readonly key: KeyObject
  readonly cryptoKey: webcrypto.CryptoKey
  readonly algorithm: { readonly name: string, readonly hash: string }
}

const HASH_BY_CURVE: Readonly<Record<string, readonly [curve: string, hash: string]>> = {
  prime256v1: ['P-256', 'SHA-256'],
  secp384r1: ['P-384', 'SHA-384'],
  secp521r1: ['P-521', 'SHA-512'],
}

/**
 * Reads a private key in PEM (PKCS#8, PKCS#1 or SEC 1) for signing: ECDSA on P-256, P-384 or P-521 with the hash of the
 * curve's strength, or RSASSA-PKCS1-v1_5 with SHA-256 (RFC 5280 §4.1.1.2).
 *
 * @throws when the text is no such key
 */
export function readSigningKey (keyPem: string): SigningKey {
  const key = createPrivateKey(keyPem)
  if (key.asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    return { key, algorithm, cryptoKey: key.toCryptoKey(algorithm, false, ['sign']) }
  }
  const [namedCurve, hash] = HASH_BY_CURVE[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? []
  if (namedCurve === undefined || hash === undefined) throw new Error('The authority\'s key must be RSA, or EC on P-256, P-384 or P-521')
  return { key, algorithm: { name: 'ECDSA', hash }, cryptoKey: key.toCryptoKey({ name: 'ECDSA', namedCurve }, false, ['sign']) }
}
