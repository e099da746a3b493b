/** One element of DER (X.690 §8.1) as positions in a buffer: a list of revoked certificates can have a hundred thousand. */
export interface Tlv { readonly tag: number, readonly start: number, readonly contentStart: number, readonly end: number }

/**
 * The elements that fill a part of a buffer, one after the other.
 *
 * @throws RangeError when a tag has several octets, a length is indefinite or longer than what is left
 */
export function readElements (bytes: Buffer, start: number, end: number): Tlv[] {
  const elements: Tlv[] = []
  for (let at = start; at < end;) {
    const element = readElement(bytes, at, end)
    elements.push(element)
    at = element.end
  }
  return elements
}

/** The elements within a constructed element. */
export function readChildren (bytes: Buffer, { contentStart, end }: Tlv): Tlv[] {
  return readElements(bytes, contentStart, end)
}

function readElement (bytes: Buffer, start: number, limit: number): Tlv {
  const [tag, first] = [bytes[start], bytes[start + 1]]
  if (tag === undefined || first === undefined || start + 2 > limit || (tag & 0x1f) === 0x1f) throw new RangeError('the DER is cut short')
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || lengthBytes > 4 || start + 2 + lengthBytes > limit) throw new RangeError('a length in the DER is not acceptable')
  const contentStart = start + 2 + lengthBytes
  const end = contentStart + (lengthBytes === 0 ? first : bytes.readUIntBE(start + 2, lengthBytes))
  if (end > limit) throw new RangeError('an element of the DER is longer than what it is in')
  return { tag, start, contentStart, end }
}
