import type { KeyObject } from 'node:crypto'
import { childrenOf, objectIdentifierOf, readDer } from './asn1.ts'

const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
const MODULUS_BITS_MIN = 2048
/** A longer one costs every handshake more than it protects. */
const MODULUS_BITS_MAX = 8192

/**
 * Says what is wrong with a public key, or undefined when it is good enough to authenticate with: RSA of 2048 to 8192
 * bits with an odd public exponent of 3 or more, or elliptic-curve on P-256, P-384 or P-521 by name (RFC 5480 §2.1.1.1:
 * explicit parameters are not allowed).
 */
export function explainWeakKey (key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'ec') {
    const curve = hasNamedCurve(key) ? details?.namedCurve : undefined
    return curve !== undefined && CURVES.has(curve) ? undefined : `the curve ${curve ?? 'with explicit parameters'} is not accepted; use P-256, P-384 or P-521`
  }
  if (key.asymmetricKeyType !== 'rsa') return `keys of type ${key.asymmetricKeyType ?? 'unknown'} are not accepted; use EC P-256 or RSA of 2048 bits or more`
  const bits = details?.modulusLength ?? 0
  const exponent = details?.publicExponent ?? 0n
  if (bits < MODULUS_BITS_MIN || bits > MODULUS_BITS_MAX) return `an RSA key of ${bits} bits is not accepted; use ${MODULUS_BITS_MIN} to ${MODULUS_BITS_MAX}`
  return exponent < 3n || exponent % 2n === 0n ? `an RSA key with the public exponent ${exponent} is not accepted` : undefined
}

const ISSUED_MODULUS_BITS_MAX = 4096

/**
 * Says why no certificate is issued for a public key, or undefined when one is: RSA of 2048 to 4096 bits with the public
 * exponent 65537 or a larger odd one, EC on P-256 or P-384 by name, or Ed25519 (RFC 8410). Narrower than what is accepted
 * of other authorities, see `explainWeakKey`.
 */
export function explainUnfitKey (key: KeyObject): string | undefined {
  if (key.asymmetricKeyType === 'ed25519') return undefined
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') return `keys of type ${key.asymmetricKeyType ?? 'unknown'} are not accepted; ${ACCEPTED}`
  const weakness = explainWeakKey(key)
  if (weakness !== undefined) return weakness
  if (key.asymmetricKeyType === 'ec') return details?.namedCurve === 'secp521r1' ? 'the curve P-521 is not accepted; use P-256 or P-384' : undefined
  const bits = details?.modulusLength ?? 0
  const exponent = details?.publicExponent ?? 0n
  if (bits > ISSUED_MODULUS_BITS_MAX) return `an RSA key of ${bits} bits is not accepted; use ${MODULUS_BITS_MIN} to ${ISSUED_MODULUS_BITS_MAX}`
  return exponent < 65_537n ? `an RSA key with the public exponent ${exponent} is not accepted; use 65537` : undefined
}

const ACCEPTED = 'use EC P-256 or P-384, Ed25519, or RSA of 2048 to 4096 bits'

/** node:crypto names a known curve also when the key spells it out in parameters. */
function hasNamedCurve (key: KeyObject): boolean {
  const [algorithm] = childrenOf(readDer(key.export({ type: 'spki', format: 'der' })))
  return objectIdentifierOf(childrenOf(algorithm)[1]) !== ''
}
