import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Seals what the store may not hold in clear, and opens it. */
export interface Sealer {
  /** @param name what the sealed text is bound to: under another name it does not open */
  readonly seal: (bytes: Uint8Array, name: string) => string
  /** Undefined when none of our secrets opens it. `isStale`: it was sealed under a secret that is not the first any more. */
  readonly open: (sealed: string, name: string) => { readonly bytes: Buffer, readonly isStale: boolean } | undefined
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM (NIST SP 800-38D) under a key made of a cookie secret for one purpose: the first secret seals, all open, so that
 * secrets can be replaced one after another. What is sealed for one purpose opens for no other.
 */
export function createSealer (secrets: readonly string[], purpose: string): Sealer {
  const keys = secrets.map((secret) => deriveKey(secret, purpose))
  const [first] = keys
  if (first === undefined) throw new Error('sealing needs at least one secret')

  return {
    seal (bytes, name) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(name))
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open (sealed, name) {
      for (const key of keys) {
        const bytes = decrypt(Buffer.from(sealed, 'base64url'), key, name)
        if (bytes !== undefined) return { bytes, isStale: key !== first }
      }
      return undefined
    },
  }
}

/** A key of 256 bits for one purpose, by HKDF-SHA256 (RFC 5869). */
export function deriveKey (secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `sandgate ${purpose}`, 32))
}

function decrypt (bytes: Buffer, key: Buffer, name: string): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}
