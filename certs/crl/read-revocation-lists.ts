import { verify, type KeyObject } from 'node:crypto'
import { objectIdentifierOf, readDer } from '../asn1.ts'
import { normaliseSerial } from '../parsed-certificate.ts'
import { decodePem } from '../pem.ts'
import { renderDistinguishedName } from '../render-name.ts'
import { readChildren, readElements, type Tlv } from './tlv.ts'

/** A certificate revocation list of somebody else's authority (RFC 5280 §5), not yet proved. */
export interface RevocationListFile {
  /** RFC 4514 form. */
  readonly issuerDn: string
  readonly thisUpdateMs: number
  /** Absent where the list does not say. */
  readonly nextUpdateMs?: number
  /** Serial numbers as `serialOf` writes them. */
  readonly serials: ReadonlySet<string>
  /** Whether the list is signed by this key. */
  readonly isSignedBy: (key: KeyObject) => boolean
}

/** Why a list cannot be used. */
export class RevocationListRefused extends Error {
  override readonly name = 'RevocationListRefused'
}

const BYTES_MAX = 33_554_432
const SEQUENCE = 0x30
const INTEGER = 0x02
const BOOLEAN = 0x01
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const EXTENSIONS = 0xa0
const DELTA_INDICATOR = '2.5.29.27'
const ISSUING_DISTRIBUTION_POINT = '2.5.29.28'
const CERTIFICATE_ISSUER = '2.5.29.29'
/** indirectCRL of an IssuingDistributionPoint (RFC 5280 §5.2.5). */
const INDIRECT = 0x84
const APPLIED = new Set(['2.5.29.20', '2.5.29.21', '2.5.29.24', '2.5.29.35', ISSUING_DISTRIBUTION_POINT])
const HASH_BY_ALGORITHM: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}

/**
 * Reads the lists of a file: one in DER, or any number in PEM. What a list names counts as revoked, also when the list
 * covers a part of the authority's certificates; indirect and delta lists, which mean something else, are refused, as are
 * unknown critical extensions (RFC 5280 §5.2), signatures with SHA-1 and RSA-PSS, and files of more than 32 MiB.
 *
 * @throws RevocationListRefused that says what is wrong
 */
export function readRevocationLists (bytes: Buffer): RevocationListFile[] {
  if (bytes.length > BYTES_MAX) throw new RevocationListRefused('it is larger than 32 MiB')
  const ders = bytes[0] === SEQUENCE ? [bytes] : decodePem(bytes.toString('latin1'), ['X509 CRL'])
  if (ders === undefined) throw new RevocationListRefused('it holds no certificate revocation list, neither in PEM (-----BEGIN X509 CRL-----) nor in DER')
  return ders.map((der) => {
    try {
      return readList(der)
    } catch (error) {
      if (error instanceof RevocationListRefused) throw error
      throw new RevocationListRefused(`it is malformed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  })
}

function readList (der: Buffer): RevocationListFile {
  const [list, rest] = readElements(der, 0, der.length)
  const [toBeSigned, algorithm, signature] = list === undefined ? [] : readChildren(der, list)
  if (rest !== undefined || toBeSigned === undefined || algorithm === undefined || signature === undefined) throw new RevocationListRefused('it is no CertificateList (RFC 5280 §5.1)')
  const { issuer, times, entries, extensions } = readToBeSigned(der, toBeSigned)
  const issuerDn = renderDistinguishedName(readDer(der.subarray(issuer.start, issuer.end)))
  if (issuerDn === undefined) throw new RevocationListRefused('its issuer is no name')
  const oid = objectIdentifierOf(readDer(sliceOf(der, readChildren(der, algorithm)[0])))
  const hash = HASH_BY_ALGORITHM[oid]
  if (hash === undefined) throw new RevocationListRefused(`its signature algorithm ${oid} is not accepted`)
  checkExtensions(der, extensions)
  const [thisUpdateMs = 0, nextUpdateMs] = times
  return {
    issuerDn,
    thisUpdateMs,
    ...(nextUpdateMs === undefined ? {} : { nextUpdateMs }),
    serials: new Set(entries.map((entry) => readEntry(der, entry))),
    isSignedBy: (key) => isSigned(der.subarray(toBeSigned.start, toBeSigned.end), der.subarray(signature.contentStart + 1, signature.end), hash, key),
  }
}

function readToBeSigned (der: Buffer, toBeSigned: Tlv): { readonly issuer: Tlv, readonly times: readonly number[], readonly entries: readonly Tlv[], readonly extensions: readonly Tlv[] } {
  const fields = readChildren(der, toBeSigned)
  const [, issuer, ...others] = fields[0]?.tag === INTEGER ? fields.slice(1) : fields
  if (issuer?.tag !== SEQUENCE) throw new RevocationListRefused('it names no issuer')
  const times = others.filter(({ tag }) => tag === UTC_TIME || tag === GENERALIZED_TIME).map((time) => readTime(der, time))
  const revoked = others.find(({ tag }) => tag === SEQUENCE)
  const wrapper = others.find(({ tag }) => tag === EXTENSIONS)
  const inner = wrapper === undefined ? undefined : readChildren(der, wrapper)[0]
  return { issuer, times, entries: revoked === undefined ? [] : readChildren(der, revoked), extensions: inner === undefined ? [] : readChildren(der, inner) }
}

function checkExtensions (der: Buffer, extensions: readonly Tlv[]): void {
  for (const extension of extensions) {
    const { oid, isCritical, value } = readExtension(der, extension)
    if (oid === DELTA_INDICATOR) throw new RevocationListRefused('it is a delta list; give the full one')
    if (oid === ISSUING_DISTRIBUTION_POINT && readElements(der, value.contentStart, value.end).flatMap((one) => readChildren(der, one)).some(({ tag }) => tag === INDIRECT)) throw new RevocationListRefused('it is an indirect list; give the one of the authority itself')
    if (isCritical && !APPLIED.has(oid)) throw new RevocationListRefused(`its critical extension ${oid} is not supported`)
  }
}

function readEntry (der: Buffer, entry: Tlv): string {
  const [serial, , extensions] = readChildren(der, entry)
  for (const extension of extensions === undefined ? [] : readChildren(der, extensions)) {
    const { oid, isCritical } = readExtension(der, extension)
    if (oid === CERTIFICATE_ISSUER || (isCritical && !APPLIED.has(oid))) throw new RevocationListRefused(`an entry has the extension ${oid}, which is not supported`)
  }
  const text = serial?.tag === INTEGER ? normaliseSerial(der.toString('hex', serial.contentStart, serial.end)) : undefined
  if (text === undefined) throw new RevocationListRefused('an entry has no serial number of 1 to 20 octets')
  return text
}

function readExtension (der: Buffer, extension: Tlv): { readonly oid: string, readonly isCritical: boolean, readonly value: Tlv } {
  const parts = readChildren(der, extension)
  const [id, flag] = parts
  const value = parts.at(-1)
  if (id === undefined || value === undefined) throw new RevocationListRefused('an extension is empty')
  return { oid: objectIdentifierOf(readDer(sliceOf(der, id))), isCritical: flag?.tag === BOOLEAN && der[flag.contentStart] !== 0, value }
}

/** UTCTime and GeneralizedTime in the only forms of RFC 5280 §5.1.2.4. */
function readTime (der: Buffer, { tag, contentStart, end }: Tlv): number {
  const text = der.toString('latin1', contentStart, end)
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (match === null || (tag === UTC_TIME) !== (text.length === 13)) throw new RevocationListRefused(`${JSON.stringify(text)} is no time`)
  const [, year = '', month, day, hour, minute, second] = match
  const century = tag === GENERALIZED_TIME ? '' : Number(year) >= 50 ? '19' : '20'
  return Date.parse(`${century}${year}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`)
}

function isSigned (bytes: Buffer, signature: Buffer, hash: string | null, key: KeyObject): boolean {
  try {
    return verify(hash, bytes, key, signature)
  } catch {
    return false
  }
}

function sliceOf (der: Buffer, element: Tlv | undefined): Buffer {
  return element === undefined ? Buffer.alloc(0) : der.subarray(element.start, element.end)
}
