import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const makeEc = promisify(generateKeyPair) as unknown as (type: 'ec', options: { readonly namedCurve: string }) => Promise<KeyObjects>
const makeRsa = promisify(generateKeyPair) as unknown as (type: 'rsa', options: { readonly modulusLength: number }) => Promise<KeyObjects>
const makeEd25519 = promisify(generateKeyPair) as unknown as (type: 'ed25519') => Promise<KeyObjects>

interface KeyObjects { readonly publicKey: KeyObject, readonly privateKey: KeyObject }

/** A fresh key pair: the private key in PKCS#8 PEM (RFC 5208), the public key as SubjectPublicKeyInfo DER (RFC 5280 §4.1.2.7). */
export interface KeyPair { readonly keyPem: string, readonly publicKeyDer: Buffer }

const MAKERS = {
  'ec-p256': async () => await makeEc('ec', { namedCurve: 'P-256' }),
  'ec-p384': async () => await makeEc('ec', { namedCurve: 'P-384' }),
  ed25519: async () => await makeEd25519('ed25519'),
  'rsa-2048': async () => await makeRsa('rsa', { modulusLength: 2048 }),
  'rsa-3072': async () => await makeRsa('rsa', { modulusLength: 3072 }),
  'rsa-4096': async () => await makeRsa('rsa', { modulusLength: 4096 }),
} as const satisfies Record<string, () => Promise<KeyObjects>>

/** The keys that are made for a person. */
export type KeyType = keyof typeof MAKERS

/** Every `KeyType`, the usual one first. */
export const keyTypes = Object.keys(MAKERS) as readonly KeyType[]

/** Makes a key pair: by default EC on P-256 (RFC 5480), whose signatures cost a handshake a fraction of RSA's. */
export async function createKeyPair (type: KeyType = 'ec-p256'): Promise<KeyPair> {
  const { publicKey, privateKey } = await MAKERS[type]()
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyDer: publicKey.export({ type: 'spki', format: 'der' }),
  }
}

/** Too many wait for a key already. */
export class KeysBusy extends Error {
  override readonly name = 'KeysBusy'
}

const WAITING_MAX = 16

/**
 * Makes keys one after the other: an RSA key of 4096 bits takes a second or more of a thread, and there are few threads, which
 * files and signatures need too.
 *
 * @throws KeysBusy when 16 wait already
 */
export function createKeyMaker (): (type: KeyType) => Promise<KeyPair> {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return async (type) => {
    if (!type.startsWith('rsa')) return await createKeyPair(type)
    if (waiting >= WAITING_MAX) throw new KeysBusy('too many RSA keys are being made; try again shortly, or take an EC key')
    waiting++
    const made = last.then(async () => await createKeyPair(type))
    last = made.catch(() => {})
    try {
      return await made
    } finally {
      waiting--
    }
  }
}
