import type { Clock } from '../kernel/index.ts'
import { createKeyPair } from './key-pair.ts'
import { signCertificate } from './sign-certificate.ts'
import { readSigningKey } from './signing-key.ts'
import { createSubjectName } from './subject-name.ts'
import { planValidity } from './validity.ts'
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, PublicKey, SubjectKeyIdentifierExtension } from './x509.ts'

/**
 * Makes a self-signed authority (RFC 5280 §3.2) with a fresh key on P-256: basic constraints CA with a path length of 0, for
 * it issues end entities only (§4.2.1.9), key usage keyCertSign and cRLSign (§4.2.1.3), both critical, and a subject key
 * identifier (§4.2.1.2).
 *
 * @throws RangeError for an unfit name or lifetime
 */
export async function createRootCertificate (options: { readonly commonName: string, readonly lifetimeMs: number, readonly clock: Clock }): Promise<{ certificatePem: string, keyPem: string }> {
  const name = createSubjectName({ commonName: options.commonName })
  const validity = planValidity(options.clock.nowMs(), options.lifetimeMs)
  const { keyPem, publicKeyDer } = await createKeyPair()
  const extensions = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(new PublicKey(Uint8Array.from(publicKeyDer))),
  ]
  const { certificatePem } = await signCertificate({ subject: name, issuer: name, publicKeyDer, validity, extensions }, readSigningKey(keyPem))
  return { certificatePem, keyPem }
}
