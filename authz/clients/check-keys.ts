import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { JsonObject } from '../../kernel/index.ts'
import { ClientRefused } from './client-refused.ts'

const KEYS_MAX = 16
const MODULUS_BITS_MIN = 2048
const MODULUS_BITS_MAX = 8192
const CURVES = new Set(['P-256', 'P-384', 'P-521'])
const OCTET_KEY_PAIRS = new Set(['Ed25519', 'X25519'])
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * Refuses key sets (RFC 7517 §5) that hold a private or symmetric key, a key that is no key or too weak to authenticate with (RSA
 * under 2048 bits, RFC 7518 §3.3), or a certificate that is not the key's own (§4.7).
 *
 * @throws ClientRefused
 */
export function checkKeys (keys: readonly JsonObject[]): void {
  if (keys.length === 0 || keys.length > KEYS_MAX) throw refuse(`jwks must hold 1 to ${KEYS_MAX} keys`)
  keys.forEach(checkKey)
}

/** The certificate that a client of `self_signed_tls_client_auth` presents must be among its keys, in `x5c` (RFC 8705 §2.2.2). */
export function checkSelfSignedKeys (keys: readonly JsonObject[]): void {
  if (!keys.some(({ x5c }) => x5c !== undefined)) throw refuse('self_signed_tls_client_auth needs jwks with the certificate of a key in x5c (RFC 8705 §2.2.2)')
}

function checkKey (jwk: JsonObject, index: number): void {
  const place = `jwks.keys[${index}]`
  const privateMember = PRIVATE_MEMBERS.find((member) => Object.hasOwn(jwk, member))
  if (jwk['kty'] === 'oct' || privateMember !== undefined) throw refuse(`${place} must be a public key; never send ${privateMember ?? 'a secret'} to anybody`)
  const key = readKey(jwk, place)
  const weakness = explainWeakness(key, jwk)
  if (weakness !== undefined) throw refuse(`${place}: ${weakness}`)
  if (jwk['x5c'] !== undefined) checkCertificate(jwk['x5c'], key, place)
}

function readKey (jwk: JsonObject, place: string): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw refuse(`${place} is no public key of a type that is known here (RFC 7517 §4)`, cause)
  }
}

function explainWeakness ({ asymmetricKeyDetails: details }: KeyObject, jwk: JsonObject): string | undefined {
  const [kty, crv] = [jwk['kty'], jwk['crv']].map((value) => typeof value === 'string' ? value.slice(0, 20) : '')
  if (kty === 'EC') return CURVES.has(crv ?? '') ? undefined : `the curve ${crv} is not accepted; use P-256, P-384 or P-521`
  if (kty === 'OKP') return OCTET_KEY_PAIRS.has(crv ?? '') ? undefined : `the curve ${crv} is not accepted; use Ed25519, or X25519 to encrypt`
  if (kty !== 'RSA') return `keys of type ${kty} are not accepted`
  const bits = details?.modulusLength ?? 0
  const exponent = details?.publicExponent ?? 0n
  if (bits < MODULUS_BITS_MIN || bits > MODULUS_BITS_MAX) return `an RSA key of ${bits} bits is not accepted; use ${MODULUS_BITS_MIN} to ${MODULUS_BITS_MAX}`
  return exponent < 3n || exponent % 2n === 0n ? `an RSA key with the public exponent ${exponent} is not accepted` : undefined
}

function checkCertificate (x5c: unknown, key: KeyObject, place: string): void {
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined
  const certificate = typeof first === 'string' ? readCertificate(first) : undefined
  if (certificate === undefined) throw refuse(`${place}.x5c must be a list of certificates, each the base64 of its DER (RFC 7517 §4.7)`)
  if (!certificate.publicKey.equals(key)) throw refuse(`${place}.x5c holds a certificate of another key (RFC 7517 §4.7)`)
}

function readCertificate (base64: string): X509Certificate | undefined {
  const der = Buffer.from(base64, 'base64')
  if (der.toString('base64') !== base64) return undefined
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) ? certificate : undefined
  } catch {
    return undefined
  }
}

function refuse (message: string, cause?: unknown): ClientRefused {
  return new ClientRefused(message, { member: 'jwks', ...(cause === undefined ? {} : { cause }) })
}
