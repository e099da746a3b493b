import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { randomToken } from '../../kernel/index.ts'
import { createSealer, deriveKey } from '../sealing.ts'

/** What is stored of a secret. */
export interface KeptSecret {
  readonly hash: string
  readonly sealed?: string
}

/** Makes client secrets, keeps them and opens what was sealed. */
export interface SecretKeeper {
  /** A new secret of 256 bits. `isSealed`: the protocol needs the secret itself later (`client_secret_jwt`, symmetric algorithms). */
  readonly make: (clientId: string, isSealed: boolean) => { readonly secret: string, readonly kept: KeptSecret }
  /** The secret itself; undefined when it was not sealed, or under a key that is gone. */
  readonly unseal: (clientId: string, sealed: string | undefined) => string | undefined
  /** Stands where the library wants a secret that nobody needs in clear. It follows from no stored value without our keys. */
  readonly placeholder: (hash: string) => string
}

/**
 * Secrets are stored as a hash. Those that must be had again are sealed besides, each under its client's id, so that one client's
 * secret opens for no other; see `createSealer`.
 */
export function createSecretKeeper (cookieKeys: readonly string[]): SecretKeeper {
  const sealer = createSealer(cookieKeys, 'client secrets')
  const placeholderKey = deriveKey(cookieKeys[0] ?? '', 'client secret placeholders')

  function make (clientId: string, isSealed: boolean): { readonly secret: string, readonly kept: KeptSecret } {
    const secret = randomToken(32)
    return { secret, kept: { hash: hashSecret(secret), ...(isSealed ? { sealed: sealer.seal(Buffer.from(secret), clientId) } : {}) } }
  }

  return {
    make,
    unseal: (clientId, sealed) => sealed === undefined ? undefined : sealer.open(sealed, clientId)?.bytes.toString('utf8'),
    placeholder: (hash) => createHmac('sha256', placeholderKey).update(hash).digest('base64url'),
  }
}

/** base64url SHA-256: a secret of 256 random bits needs nothing slower. */
export function hashSecret (secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Compares in a time that tells nothing. */
export function isHashOf (hash: string, secret: string): boolean {
  const [left, right] = [Buffer.from(hashSecret(secret)), Buffer.from(hash)]
  return left.length === right.length && timingSafeEqual(left, right)
}
