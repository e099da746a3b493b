import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { JWS_ALGORITHMS, openVerificationKey, type VerificationKey } from './jws-algorithms.ts'

/** A private key with all that it takes to sign and to be published. */
export interface OpenedKey extends VerificationKey {
  /** RFC 7517, with `kid`, `alg` and `use`, and nothing private. */
  readonly publicJwk: JWK
  /** Undefined when its private half cannot be opened here: then it verifies only. */
  readonly privateKey: KeyObject | undefined
}

/**
 * Gives every private key its `alg`, `use` and `kid` (RFC 7638 thumbprint where missing), so that a token always names its key.
 * A key without `alg` gets the first of the algorithms that it can be used with.
 *
 * @throws Error when an algorithm has no key, or a key no algorithm; found at start, never at a request
 */
export async function completeSigningKeys (keys: readonly JWK[], algorithms: readonly string[]): Promise<JWK[]> {
  const complete = await Promise.all(keys.map(async (key) => ({
    ...key, alg: key.alg ?? algorithms.find((alg) => isFor(key, alg)) ?? '', use: 'sig', kid: key.kid ?? await calculateJwkThumbprint(key),
  })))
  const lacking = algorithms.find((alg) => !complete.some((key) => key.alg === alg))
  if (lacking !== undefined) throw new Error(`no signing key has the algorithm ${lacking}, which the profile asks for`)
  const kids = complete.map(({ kid }) => kid)
  if (new Set(kids).size !== kids.length) throw new Error('two signing keys have the same kid')
  return complete
}

function isFor (key: JWK, alg: string): boolean {
  const algorithm = JWS_ALGORITHMS.get(alg)
  return algorithm !== undefined && key.kty === algorithm.kty && (algorithm.crv === undefined || key.crv === algorithm.crv)
}

/** @throws Error when the key cannot be used with its algorithm, or has no private half */
export function openSigningKey (jwk: JWK): OpenedKey {
  const opened = openPublishedKey(jwk, undefined)
  try {
    return { ...opened, privateKey: createPrivateKey({ key: { ...jwk }, format: 'jwk' }) }
  } catch (cause) {
    throw new Error(`signing key ${jwk.kid ?? '(without kid)'} has no usable private half`, { cause })
  }
}

/** A key whose private half is elsewhere, or was opened already. */
export function openPublishedKey (jwk: JWK, privateKey: KeyObject | undefined): OpenedKey {
  const { kid = '(without kid)', alg = 'none given' } = jwk
  const key = openVerificationKey(jwk, alg, kid)
  if (key === undefined) throw new Error(`signing key ${kid} cannot be used with its algorithm: ${alg}`)
  return { ...key, publicJwk: publicPart(jwk), privateKey }
}

function publicPart ({ kty, kid, alg, use, crv, x, y, n, e, x5c }: JWK): JWK {
  return Object.fromEntries(Object.entries({ kty, use, kid, alg, crv, x, y, n, e, x5c }).filter(([, value]) => value !== undefined))
}

const generate = promisify(generateKeyPair) as unknown as (type: string, options: object) => Promise<{ readonly privateKey: KeyObject }>

/**
 * A new private key for an algorithm.
 *
 * @param rsaBits modulus length of an RSA key, 2048 to 4096
 */
export async function generateSigningKey (alg: string, kid: string, rsaBits: number): Promise<JWK> {
  const algorithm = JWS_ALGORITHMS.get(alg)
  if (algorithm === undefined) throw new Error(`no keys can be made for ${alg}`)
  const { privateKey } = await generateFor(algorithm, rsaBits)
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

async function generateFor ({ kty, crv }: { readonly kty: 'EC' | 'RSA' | 'OKP', readonly crv?: string }, rsaBits: number): Promise<{ readonly privateKey: KeyObject }> {
  switch (kty) {
    case 'RSA': return await generate('rsa', { modulusLength: rsaBits, publicExponent: 0x10001 })
    case 'EC': return await generate('ec', { namedCurve: crv })
    case 'OKP': return await generate('ed25519', {})
  }
}
