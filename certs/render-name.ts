import forge from 'node-forge'
import { childrenOf, isUniversal, objectIdentifierOf, writeDer, type Asn1 } from './asn1.ts'
import { nameOfAttributeType, readStringValue } from './attribute-types.ts'

/**
 * Writes the Name of a certificate (RFC 5280 §4.1.2.4) as RFC 4514 §2 says: RDNs from the last to the first, short names
 * where they are known and otherwise the object identifier with the value in the `#` form, specials escaped by a backslash.
 * Control characters are escaped as bytes, which §2.4 permits, so that a name cannot break a line of a log.
 *
 * @returns undefined when the element is no Name
 */
export function renderDistinguishedName (name: Asn1 | undefined): string | undefined {
  if (!isUniversal(name, forge.asn1.Type.SEQUENCE)) return undefined
  const rdns = childrenOf(name).map(renderRdn)
  return rdns.includes(undefined) ? undefined : rdns.reverse().join(',')
}

function renderRdn (rdn: Asn1): string | undefined {
  const attributes = childrenOf(rdn).map(renderAttribute)
  return attributes.length === 0 || attributes.includes(undefined) ? undefined : attributes.join('+')
}

function renderAttribute (attribute: Asn1): string | undefined {
  const [type, value] = childrenOf(attribute)
  const oid = objectIdentifierOf(type)
  if (oid === '' || value === undefined) return undefined
  const name = nameOfAttributeType(oid)
  const string = name === undefined ? undefined : readStringValue(value)
  return string === undefined ? `${name ?? oid}=#${writeDer(value).toString('hex')}` : `${name}=${escapeValue(string)}`
}

/** Escapes as RFC 4514 §2.4: specials anywhere, a space at either end, a number sign at the start. */
function escapeValue (text: string): string {
  const characters = [...text]
  return characters.map((character, index) => {
    if ('\\"+,;<>'.includes(character) || (index === 0 && character === '#')) return `\\${character}`
    if (character === ' ' && (index === 0 || index === characters.length - 1)) return '\\ '
    return isControl(character) ? `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}` : character
  }).join('')
}

function isControl (character: string): boolean {
  return character < ' ' || character === '\x7f'
}
