import forge from 'node-forge'

/** One element of DER, as node-forge reads it. */
export type Asn1 = forge.asn1.Asn1

/** node-forge's own types know only `strict`. */
const READ_OPTIONS = { strict: true, parseAllBytes: true, decodeBitStrings: false } as unknown as boolean

/**
 * Reads one DER element (X.690) that fills all of the bytes.
 *
 * @returns undefined when the bytes are malformed or something follows the element
 */
export function readDer (bytes: Uint8Array): Asn1 | undefined {
  try {
    return forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(bytes).toString('latin1')), READ_OPTIONS)
  } catch {
    return undefined
  }
}

/** The bytes of an element with its tag and length. */
export function writeDer (element: Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(element).getBytes(), 'latin1')
}

/** The elements within a constructed element; none for a primitive one. */
export function childrenOf (element: Asn1 | undefined): readonly Asn1[] {
  return element !== undefined && Array.isArray(element.value) ? element.value : []
}

/** The content of a primitive element; empty for a constructed one. */
export function contentOf (element: Asn1 | undefined): Buffer {
  return element !== undefined && typeof element.value === 'string' ? Buffer.from(element.value, 'latin1') : Buffer.alloc(0)
}

/** True for a context-specific element with this number, `[0]` or `[6]`. */
export function isContext (element: Asn1, number: number): boolean {
  return element.tagClass === forge.asn1.Class.CONTEXT_SPECIFIC && Number(element.type) === number
}

/** True for a universal element of this type, as `forge.asn1.Type` numbers them. */
export function isUniversal (element: Asn1 | undefined, type: number): boolean {
  return element !== undefined && element.tagClass === forge.asn1.Class.UNIVERSAL && Number(element.type) === type
}

/** The dotted-decimal text of an OBJECT IDENTIFIER element; empty when it is none. */
export function objectIdentifierOf (element: Asn1 | undefined): string {
  if (element === undefined || !isUniversal(element, forge.asn1.Type.OID) || typeof element.value !== 'string') return ''
  try {
    return forge.asn1.derToOid(element.value)
  } catch {
    return ''
  }
}
