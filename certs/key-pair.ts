import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

/** A fresh key pair: the private key in PKCS#8 PEM (RFC 5208), the public key as SubjectPublicKeyInfo DER (RFC 5280 §4.1.2.7). */
export interface KeyPair { readonly keyPem: string, readonly publicKeyDer: Buffer }

/** Makes an EC key pair on P-256 (RFC 5480), whose signatures cost a handshake a fraction of RSA's. */
export async function createKeyPair (): Promise<KeyPair> {
  const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' })
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyDer: publicKey.export({ type: 'spki', format: 'der' }),
  }
}
