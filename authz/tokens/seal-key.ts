import { createPrivateKey, type KeyObject } from 'node:crypto'
import { createSealer } from '../sealing.ts'

/** Seals private keys for the store, and opens them. */
export interface KeySealer {
  /** @param kid what the sealed text is bound to: under another name it does not open */
  readonly seal: (privateKey: KeyObject, kid: string) => string
  /** Undefined when none of our secrets opens it. `isStale`: it was sealed under a secret that is not the first any more. */
  readonly open: (sealed: string, kid: string) => { readonly privateKey: KeyObject, readonly isStale: boolean } | undefined
}

/** Private keys in PKCS #8, sealed under the cookie secrets; see `createSealer`. */
export function createKeySealer (secrets: readonly string[]): KeySealer {
  const sealer = createSealer(secrets, 'signing keys')
  return {
    seal: (privateKey, kid) => sealer.seal(privateKey.export({ type: 'pkcs8', format: 'der' }), kid),
    open (sealed, kid) {
      const opened = sealer.open(sealed, kid)
      return opened === undefined ? undefined : { privateKey: createPrivateKey({ key: opened.bytes, type: 'pkcs8', format: 'der' }), isStale: opened.isStale }
    },
  }
}
