import { encodePem } from './pem.ts'
import type { Revocations } from './revocations.ts'
import type { SigningKey } from './signing-key.ts'
import { Extension, X509CrlGenerator, X509CrlReason, type AuthorityKeyIdentifierExtension, type Name } from './x509.ts'

/** Until the next list is due. */
const NEXT_UPDATE_MS = 86_400_000
const CRL_NUMBER = '2.5.29.20'

export interface RevocationListContents {
  readonly issuer: Name
  readonly authorityKeyIdentifier: AuthorityKeyIdentifierExtension
  readonly revoked: ReturnType<Revocations['list']>
  readonly nowMs: number
}

/**
 * Signs a full certificate revocation list (RFC 5280 §5) in PEM: version 2, due again in a day, with the authority key
 * identifier (§5.2.1) and a list number (§5.2.3) that is the time of its making, so that later lists have greater ones. An entry
 * says its reason (§5.3.1) unless that is unspecified.
 */
export async function signRevocationList (contents: RevocationListContents, signer: SigningKey): Promise<string> {
  const list = await X509CrlGenerator.create({
    issuer: contents.issuer,
    thisUpdate: new Date(floorToSecond(contents.nowMs)),
    nextUpdate: new Date(floorToSecond(contents.nowMs + NEXT_UPDATE_MS)),
    entries: contents.revoked.map(({ serial, revokedAtMs, reason }) => ({ serialNumber: serial, revocationDate: new Date(floorToSecond(revokedAtMs)), ...(reason === 'unspecified' ? {} : { reason: X509CrlReason[reason] }) })),
    extensions: [contents.authorityKeyIdentifier, new Extension(CRL_NUMBER, false, encodeInteger(contents.nowMs))],
    signingKey: signer.cryptoKey,
    signingAlgorithm: signer.algorithm,
  })
  return encodePem('X509 CRL', Buffer.from(list.rawData))
}

/** DER of a positive INTEGER of up to 53 bits. */
function encodeInteger (value: number): Uint8Array<ArrayBuffer> {
  const digits = value.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  const content = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : [...bytes]
  return Uint8Array.from([2, content.length, ...content])
}

function floorToSecond (ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
