import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'

/** Seals private keys for the store, and opens them. */
export interface KeySealer {
  /** @param kid what the sealed text is bound to: under another name it does not open */
  readonly seal: (privateKey: KeyObject, kid: string) => string
  /** Undefined when none of our secrets opens it. `isStale`: it was sealed under a secret that is not the first any more. */
  readonly open: (sealed: string, kid: string) => { readonly privateKey: KeyObject, readonly isStale: boolean } | undefined
}

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM under a key that HKDF-SHA256 (RFC 5869) makes of a cookie secret: the first seals, all open, so that secrets can
 * be replaced one after another.
 */
export function createKeySealer (secrets: readonly string[]): KeySealer {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'sandgate signing keys', 32)))
  const [first] = keys
  if (first === undefined) throw new Error('sealing needs at least one secret')

  return {
    seal (privateKey, kid) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first, iv).setAAD(Buffer.from(kid))
      const text = Buffer.concat([cipher.update(privateKey.export({ type: 'pkcs8', format: 'der' })), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')
    },
    open (sealed, kid) {
      for (const key of keys) {
        const der = decrypt(Buffer.from(sealed, 'base64url'), key, kid)
        if (der !== undefined) return { privateKey: createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }), isStale: key !== first }
      }
      return undefined
    },
  }
}

function decrypt (bytes: Buffer, key: Buffer, kid: string): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(kid)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}
