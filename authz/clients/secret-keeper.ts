import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { randomToken } from '../../kernel/index.ts'

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

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Secrets are stored as a hash. Those that must be had again are sealed besides: AES-256-GCM (NIST SP 800-38D), its key derived
 * by HKDF (RFC 5869) from the first cookie key, with the client's id as associated data, so that one client's secret opens for no
 * other. All cookie keys open, as all verify cookies, so that keys can be replaced.
 */
export function createSecretKeeper (cookieKeys: readonly string[]): SecretKeeper {
  const keys = cookieKeys.map((key) => deriveKey(key, 'client secrets'))
  const placeholderKey = deriveKey(cookieKeys[0] ?? '', 'client secret placeholders')
  const [first] = keys
  if (first === undefined) throw new Error('cookieKeys must hold at least one key')

  function make (clientId: string, isSealed: boolean): { readonly secret: string, readonly kept: KeptSecret } {
    const secret = randomToken(32)
    return { secret, kept: { hash: hashSecret(secret), ...(isSealed ? { sealed: seal(first as Buffer, clientId, secret) } : {}) } }
  }

  return {
    make,
    unseal: (clientId, sealed) => {
      if (sealed === undefined) return undefined
      const bytes = Buffer.from(sealed, 'base64url')
      for (const key of keys) {
        const secret = open(key, clientId, bytes)
        if (secret !== undefined) return secret
      }
      return undefined
    },
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

function deriveKey (secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `sandgate ${purpose}`, 32))
}

function seal (key: Buffer, clientId: string, secret: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(clientId))
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
}

function open (key: Buffer, clientId: string, bytes: Buffer): string | undefined {
  const [nonce, tag, sealed] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES), bytes.subarray(NONCE_BYTES + TAG_BYTES)]
  if (tag.length < TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(clientId)).setAuthTag(tag)
  try {
    return decipher.update(sealed, undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}
