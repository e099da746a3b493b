import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'

/** A signing key's public half, ready to verify. */
export interface VerificationKey {
  readonly kid: string
  readonly alg: string
  readonly verifies: (signingInput: Buffer, signature: Buffer) => boolean
}

type Signer = (key: KeyObject) => (data: Buffer, signature: Buffer) => boolean

const ecdsa = (hash: string): Signer => (key) => (data, signature) => verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
const rsa = (hash: string): Signer => (key) => (data, signature) => verify(hash, data, key, signature)
const pss = (hash: string): Signer => (key) => (data, signature) => verify(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature)
const edwards: Signer = (key) => (data, signature) => verify(null, data, key, signature)

/** The asymmetric algorithms of RFC 7518 §3.1 and RFC 8037; `none` and HMAC have no entry, so nothing can select them. */
const ALGORITHMS: ReadonlyMap<string, Signer> = new Map([
  ['ES256', ecdsa('sha256')], ['ES384', ecdsa('sha384')], ['ES512', ecdsa('sha512')],
  ['RS256', rsa('sha256')], ['RS384', rsa('sha384')], ['RS512', rsa('sha512')],
  ['PS256', pss('sha256')], ['PS384', pss('sha384')], ['PS512', pss('sha512')],
  ['EdDSA', edwards], ['Ed25519', edwards],
])

/**
 * Gives every private key its `alg`, `use` and `kid` (RFC 7638 thumbprint where missing), so that a token always names its key.
 *
 * @throws Error when no key can sign with `algorithm`; found at start, never at a request
 */
export async function completeSigningKeys (keys: readonly JWK[], algorithm: string): Promise<JWK[]> {
  const complete = await Promise.all(keys.map(async (key) => ({
    ...key, alg: key.alg ?? algorithm, use: 'sig', kid: key.kid ?? await calculateJwkThumbprint(key),
  })))
  if (!complete.some((key) => key.alg === algorithm)) throw new Error(`no signing key has the profile's algorithm ${algorithm}`)
  return complete
}

/** Prepares the public halves once, because parsing a JWK costs more than verifying with it. */
export function prepareVerificationKeys (keys: readonly JWK[]): ReadonlyMap<string, VerificationKey> {
  const prepared = new Map<string, VerificationKey>()
  for (const key of keys) {
    const { kid, alg } = key
    const algorithm = alg === undefined ? undefined : ALGORITHMS.get(alg)
    if (kid === undefined || alg === undefined || algorithm === undefined) throw new Error(`signing key ${kid ?? '(without kid)'} has no usable algorithm: ${alg ?? 'none given'}`)
    prepared.set(kid, { kid, alg, verifies: algorithm(createPublicKey({ key: { ...key }, format: 'jwk' })) })
  }
  return prepared
}
