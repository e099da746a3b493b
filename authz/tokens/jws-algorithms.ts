import { constants, createPublicKey, sign, verify, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'

/** One asymmetric JWS algorithm: which keys it is for, and how it signs and verifies. */
export interface JwsAlgorithm {
  readonly kty: 'EC' | 'RSA' | 'OKP'
  /** Of EC and OKP keys. */
  readonly crv?: string
  /** Bytes of a signature; of RSA it is the length of the key. */
  readonly signatureBytes?: number
  readonly verify: (key: KeyObject, data: Buffer, signature: Buffer) => boolean
  /** RSA signs in another thread: it takes a millisecond. */
  readonly sign: (key: KeyObject, data: Buffer) => Buffer | Promise<Buffer>
}

function ecdsa (hash: string, crv: string, signatureBytes: number): JwsAlgorithm {
  return {
    kty: 'EC',
    crv,
    signatureBytes,
    verify: (key, data, signature) => verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature),
    sign: (key, data) => sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }),
  }
}

function rsa (hash: string, scheme: { readonly padding: number, readonly saltLength?: number }): JwsAlgorithm {
  return {
    kty: 'RSA',
    verify: (key, data, signature) => verify(hash, data, { key, ...scheme }, signature),
    sign: async (key, data) => await new Promise<Buffer>((resolve, reject) => {
      sign(hash, data, { key, ...scheme }, (error, signature) => { if (error === null) resolve(signature); else reject(error) })
    }),
  }
}

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING }
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
const EDWARDS: JwsAlgorithm = {
  kty: 'OKP',
  crv: 'Ed25519',
  signatureBytes: 64,
  verify: (key, data, signature) => verify(null, data, key, signature),
  sign: (key, data) => sign(null, data, key),
}

/** The asymmetric algorithms of RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864; `none` and HMAC have no entry, so nothing can select them. */
export const JWS_ALGORITHMS: ReadonlyMap<string, JwsAlgorithm> = new Map([
  ['ES256', ecdsa('sha256', 'P-256', 64)], ['ES384', ecdsa('sha384', 'P-384', 96)], ['ES512', ecdsa('sha512', 'P-521', 132)],
  ['RS256', rsa('sha256', PKCS1)], ['RS384', rsa('sha384', PKCS1)], ['RS512', rsa('sha512', PKCS1)],
  ['PS256', rsa('sha256', PSS)], ['PS384', rsa('sha384', PSS)], ['PS512', rsa('sha512', PSS)],
  ['EdDSA', EDWARDS], ['Ed25519', EDWARDS],
])

/** A public key and the one algorithm that it verifies (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly kid: string
  readonly alg: string
  readonly verifies: (signingInput: Buffer, signature: Buffer) => boolean
}

/** RSA keys below are too weak (RFC 7518 §3.3), keys above cost whoever verifies more than they give. */
const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 4096

/**
 * Prepares a public key for one algorithm, once, because parsing a JWK costs more than verifying with it. Undefined when the
 * key is not one of that algorithm: another type, another curve, a point off the curve, RSA of an unacceptable size, or one
 * that says that it is for something else (RFC 7517 §4.2 to §4.4).
 */
export function openVerificationKey (jwk: JWK, alg: string, kid: string): VerificationKey | undefined {
  const algorithm = JWS_ALGORITHMS.get(alg)
  if (algorithm === undefined || jwk.kty !== algorithm.kty || (algorithm.crv !== undefined && jwk.crv !== algorithm.crv) || !maySign(jwk, alg)) return undefined
  const key = openPublicKey(jwk, algorithm)
  if (key === undefined) return undefined
  const { signatureBytes, verify: matches } = algorithm
  return {
    kid,
    alg,
    verifies: (signingInput, signature) => signature.length === (signatureBytes ?? signature.length) && signature.length > 0 && matches(key, signingInput, signature),
  }
}

function maySign ({ use, key_ops: operations, alg: declared }: JWK, alg: string): boolean {
  return (declared === undefined || declared === alg) && (use === undefined || use === 'sig') && (operations === undefined || (Array.isArray(operations) && operations.some((operation) => operation === 'verify' || operation === 'sign')))
}

/** Only the members that make the key go in, so that a private JWK gives its public half. */
function openPublicKey ({ kty, crv, x, y, n, e }: JWK, algorithm: JwsAlgorithm): KeyObject | undefined {
  if (algorithm.kty === 'RSA' && !isRsaAcceptable(n, e)) return undefined
  const members = algorithm.kty === 'RSA' ? { kty, n, e } : algorithm.kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x }
  try {
    return createPublicKey({ key: members as JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
}

function isRsaAcceptable (n: string | undefined, e: string | undefined): boolean {
  if (n === undefined || e === undefined || n.length > 700 || e.length > 8) return false
  const modulus = Buffer.from(n, 'base64url')
  const exponent = Buffer.from(e, 'base64url')
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  const isOdd = ((exponent.at(-1) ?? 0) & 1) === 1
  return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && isOdd && (exponent.length > 1 || (exponent[0] ?? 0) > 1)
}
