import type { ParsedCertificate } from '../parsed-certificate.ts'
import { serialOf } from '../parsed-certificate.ts'
import type { RevocationListFile } from './read-revocation-lists.ts'

/** What the revocation lists of other authorities say. */
export interface ListedRevocations {
  /** Takes these lists in place of all before. */
  readonly replace: (lists: readonly RevocationListFile[]) => void
  /** The list that revokes a certificate, if one of its issuer does. Both are links of one verified chain. */
  readonly find: (certificate: ParsedCertificate, issuer: ParsedCertificate) => RevocationListFile | undefined
  /** Grows with each `replace`. */
  readonly generation: () => number
}

/**
 * Keeps the lists of other authorities. A list speaks for the certificates of the issuer that it names and whose key signed
 * it, if that key may sign lists (RFC 5280 §6.3.3); the signature is checked once for each issuer's key. A list beyond its
 * next update still revokes what it names: what came after it is not known.
 */
export function createListedRevocations (): ListedRevocations {
  let lists: ReadonlyArray<{ readonly list: RevocationListFile, readonly signers: Map<string, boolean> }> = []
  let generation = 0
  return {
    replace: (next) => {
      lists = next.map((list) => ({ list, signers: new Map() }))
      generation++
    },
    find: (certificate, issuer) => {
      const serial = serialOf(certificate.x509)
      const found = lists.find(({ list, signers }) => list.serials.has(serial) && list.issuerDn === issuer.fields.subjectDn && isProved(list, signers, issuer))
      return found?.list
    },
    generation: () => generation,
  }
}

function isProved (list: RevocationListFile, signers: Map<string, boolean>, issuer: ParsedCertificate): boolean {
  if (!issuer.fields.maySignRevocationLists) return false
  const key = issuer.publicKeyDer.toString('base64')
  const known = signers.get(key)
  if (known !== undefined) return known
  const isSigner = list.isSignedBy(issuer.publicKey)
  signers.set(key, isSigner)
  return isSigner
}
