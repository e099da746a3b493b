import { showClaim } from '../tokens/show-claim.ts'
import { hash } from 'node:crypto'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { openVerificationKey, type VerificationKey } from '../tokens/jws-algorithms.ts'

/** The key that a proof brings, ready to verify; the thumbprint is that of RFC 7638. */
export type ProofKey =
  | { readonly kind: 'key', readonly thumbprint: string, readonly key: VerificationKey }
  | { readonly kind: 'refused', readonly detail: string }

/** Header parameters that would bring another key, or change what is signed (RFC 8725 §3.10, RFC 7797). */
const FORBIDDEN = ['crit', 'jku', 'x5u', 'x5c', 'b64', 'zip', 'enc'] as const
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

/** Reads the header of a proof (RFC 9449 §4.2): `typ`, an asymmetric algorithm that is allowed, and a public key that fits it. */
export function readProofKey (header: JsonObject, algorithms: readonly string[]): ProofKey {
  const { typ, alg, jwk } = header
  if (typeof typ !== 'string' || !/^(application\/)?dpop\+jwt$/i.test(typ)) return refuse(`typ is ${showClaim(typ, 100)}, expected dpop+jwt`)
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return refuse(`alg is ${showClaim(alg, 100)}, expected ${algorithms.join(', ')}`)
  const forbidden = FORBIDDEN.find((name) => Object.hasOwn(header, name))
  if (forbidden !== undefined) return refuse(`the header has the parameter ${forbidden}, which is not accepted`)
  if (!isJsonObject(jwk)) return refuse('jwk is no JSON object, expected the public key')
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(jwk, name))
  if (secret !== undefined) return refuse(`jwk has the member ${secret}: a private key must never be sent`)
  const thumbprint = thumbprintOf(jwk)
  const key = thumbprint === undefined ? undefined : openVerificationKey(jwk, alg, thumbprint)
  if (thumbprint === undefined || key === undefined) return refuse(`jwk is no public key for ${alg}, or one of an unacceptable size`)
  return { kind: 'key', thumbprint, key }
}

/** base64url SHA-256 thumbprint (RFC 7638 §3); undefined when a required member is missing. */
function thumbprintOf (jwk: JsonObject): string | undefined {
  const { kty } = jwk
  const names = (typeof kty === 'string' ? REQUIRED.get(kty) : undefined) ?? []
  if (names.length === 0 || names.some((name) => typeof jwk[name] !== 'string')) return undefined
  return hash('sha256', JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]]))), 'base64url')
}

/** In the order of RFC 7638 §3.3. */
const REQUIRED: ReadonlyMap<string, readonly string[]> = new Map([['EC', ['crv', 'kty', 'x', 'y']], ['RSA', ['e', 'kty', 'n']], ['OKP', ['crv', 'kty', 'x']]])

function refuse (detail: string): ProofKey {
  return { kind: 'refused', detail }
}
