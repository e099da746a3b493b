import { createPrivateKey, X509Certificate, type JsonWebKey } from 'node:crypto'
import { thumbprintOf } from './parsed-certificate.ts'
import { decodePem } from './pem.ts'

/**
 * The key of a certificate as a JSON Web Key (RFC 7517) with the chain in `x5c` (§4.7) and `x5t#S256` (§4.9): private when
 * the key is given, else public.
 *
 * @throws when the key is not the certificate's
 */
export function toJwk ({ certificatePem, caPem, keyPem }: { readonly certificatePem: string, readonly caPem: string, readonly keyPem?: string }): JsonWebKey & { readonly x5c: string[], readonly 'x5t#S256': string, readonly kid: string } {
  const x509 = new X509Certificate(certificatePem)
  const key = keyPem === undefined ? undefined : createPrivateKey(keyPem)
  if (key !== undefined && !x509.checkPrivateKey(key)) throw new Error('The key does not belong to the certificate')
  const thumbprint = thumbprintOf(x509.raw)
  const chain = [x509.raw, ...decodePem(caPem, ['CERTIFICATE']) ?? []]
  return { ...(key ?? x509.publicKey).export({ format: 'jwk' }), kid: thumbprint, x5c: chain.map((der) => der.toString('base64')), 'x5t#S256': thumbprint }
}
