import forge from 'node-forge'
import { contentOf, isUniversal, type Asn1 } from './asn1.ts'

/**
 * The name that an attribute type is written with (RFC 4514 §3, and the descriptors of RFC 4519 and of certificate
 * profiles that clients meet), by its object identifier.
 */
const NAME_BY_OID: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'], ['2.5.4.7', 'L'], ['2.5.4.8', 'ST'], ['2.5.4.10', 'O'], ['2.5.4.11', 'OU'], ['2.5.4.6', 'C'],
  ['2.5.4.9', 'STREET'], ['0.9.2342.19200300.100.1.25', 'DC'], ['0.9.2342.19200300.100.1.1', 'UID'],
  ['2.5.4.4', 'SN'], ['2.5.4.5', 'serialNumber'], ['2.5.4.12', 'title'], ['2.5.4.13', 'description'],
  ['2.5.4.15', 'businessCategory'], ['2.5.4.17', 'postalCode'], ['2.5.4.42', 'givenName'], ['2.5.4.43', 'initials'],
  ['2.5.4.44', 'generationQualifier'], ['2.5.4.46', 'dnQualifier'], ['2.5.4.65', 'pseudonym'],
  ['2.5.4.97', 'organizationIdentifier'], ['1.2.840.113549.1.9.1', 'emailAddress'],
])

const OTHER_NAMES: ReadonlyArray<readonly [string, string]> = [
  ['commonName', '2.5.4.3'], ['localityName', '2.5.4.7'], ['stateOrProvinceName', '2.5.4.8'],
  ['organizationName', '2.5.4.10'], ['organizationalUnitName', '2.5.4.11'], ['countryName', '2.5.4.6'],
  ['streetAddress', '2.5.4.9'], ['domainComponent', '0.9.2342.19200300.100.1.25'],
  ['userId', '0.9.2342.19200300.100.1.1'], ['surname', '2.5.4.4'], ['email', '1.2.840.113549.1.9.1'],
]

const OID_BY_NAME: ReadonlyMap<string, string> = new Map([
  ...[...NAME_BY_OID].map(([oid, name]) => [name.toLowerCase(), oid] as const),
  ...OTHER_NAMES.map(([name, oid]) => [name.toLowerCase(), oid] as const),
])

/** The short name of an attribute type (RFC 4514 §2.3), or undefined where the object identifier must be written. */
export function nameOfAttributeType (oid: string): string | undefined {
  return NAME_BY_OID.get(oid)
}

/** The object identifier of an attribute type written as a name in any case, or as dotted decimals (RFC 4514 §2.3). */
export function oidOfAttributeType (text: string): string | undefined {
  return /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(text) ? text : OID_BY_NAME.get(text.toLowerCase())
}

const { UTF8, BMPSTRING } = forge.asn1.Type
const UNIVERSAL_STRING = 28
/** NumericString, PrintableString, TeletexString (read as Latin-1, as is the custom), IA5String, VisibleString. */
const SINGLE_BYTE_TYPES = [18, 19, 20, 22, 26]

/**
 * The text of an attribute value that is one of the ASN.1 string types (RFC 5280 §4.1.2.4, DirectoryString and IA5String).
 *
 * @returns undefined for other types and for bytes that the type does not allow
 */
export function readStringValue (element: Asn1): string | undefined {
  if (isUniversal(element, BMPSTRING)) return readBmpString(element)
  const bytes = contentOf(element)
  if (isUniversal(element, UTF8)) return decodeUtf8(bytes)
  if (isUniversal(element, UNIVERSAL_STRING)) return decodeUtf32(bytes)
  return SINGLE_BYTE_TYPES.some((type) => isUniversal(element, type)) ? bytes.toString('latin1') : undefined
}

/** Decodes UTF-8 in which nothing may be malformed; undefined otherwise. A byte order mark is kept as a character. */
export function decodeUtf8 (bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** node-forge hands over a BMPString as UTF-16 code units already. */
function readBmpString (element: Asn1): string | undefined {
  return typeof element.value === 'string' && element.value.isWellFormed() ? element.value : undefined
}

function decodeUtf32 (bytes: Buffer): string | undefined {
  if (bytes.length % 4 !== 0) return undefined
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const point = bytes.readUInt32BE(at)
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    text += String.fromCodePoint(point)
  }
  return text
}
