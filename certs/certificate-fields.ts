import { SocketAddress } from 'node:net'
import forge from 'node-forge'
import { childrenOf, contentOf, isContext, isUniversal, objectIdentifierOf, readDer, type Asn1 } from './asn1.ts'
import { renderDistinguishedName } from './render-name.ts'

/** What the chain check and the binding to a client need of a certificate and node:crypto does not tell exactly. */
export interface CertificateFields {
  /** RFC 4514 form, from the DER. */
  readonly subjectDn: string
  readonly issuerDn: string
  readonly dnsNames: string[]
  readonly uris: string[]
  readonly ips: string[]
  readonly emails: string[]
  /** False when a key usage extension is there and lacks digitalSignature (RFC 5280 §4.2.1.3). */
  readonly mayDigitallySign: boolean
  /** Likewise for keyCertSign and cRLSign. */
  readonly maySignCertificates: boolean
  readonly maySignRevocationLists: boolean
  /** RFC 5280 §4.2.1.9 */
  readonly pathLengthMax?: number
  /** Object identifiers of critical extensions that this code does not apply (RFC 5280 §4.2: they forbid acceptance). */
  readonly unknownCriticalExtensions: string[]
  /** True when there are statements of a qualified certificate (RFC 3739 §3.2.6). */
  readonly hasQualifiedStatements: boolean
  /** Hex of the subject key identifier (RFC 5280 §4.2.1.2). */
  readonly subjectKeyIdentifier?: string
}

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const CERTIFICATE_POLICIES = '2.5.29.32'
const QUALIFIED_STATEMENTS = '1.3.6.1.5.5.7.1.3'
const EXTENDED_KEY_USAGE = '2.5.29.37'
/** Policies constrain nothing here, since no policy is asked for (RFC 5280 §6.1.1, user-initial-policy-set any-policy). */
const APPLIED = new Set([SUBJECT_KEY_IDENTIFIER, KEY_USAGE, SUBJECT_ALTERNATIVE_NAME, BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, QUALIFIED_STATEMENTS, EXTENDED_KEY_USAGE])

/**
 * Reads a Certificate (RFC 5280 §4.1) from its DER.
 *
 * @returns undefined when it is malformed: also for a repeated extension (§4.2), or a name in the subject alternative
 * name (§4.2.1.6) that is no printable ASCII or no address, because such names are read differently by different readers
 */
export function readCertificateFields (der: Uint8Array): CertificateFields | undefined {
  const [toBeSigned] = childrenOf(readDer(der))
  const elements = childrenOf(toBeSigned)
  const fields = elements.filter((element) => element.tagClass === forge.asn1.Class.UNIVERSAL)
  const issuerDn = renderDistinguishedName(fields[2])
  const subjectDn = renderDistinguishedName(fields[4])
  const extensions = readExtensions(elements.find((element) => isContext(element, 3)))
  const names = extensions && readAlternativeNames(extensions.get(SUBJECT_ALTERNATIVE_NAME)?.value)
  if (issuerDn === undefined || subjectDn === undefined || extensions === undefined || names === undefined) return undefined
  return {
    subjectDn,
    issuerDn,
    ...names,
    ...readKeyUsage(extensions.get(KEY_USAGE)?.value),
    ...readPathLength(extensions.get(BASIC_CONSTRAINTS)?.value),
    hasQualifiedStatements: extensions.has(QUALIFIED_STATEMENTS),
    unknownCriticalExtensions: [...extensions].filter(([oid, { isCritical }]) => isCritical && !APPLIED.has(oid)).map(([oid]) => oid),
    ...readSubjectKeyIdentifier(extensions.get(SUBJECT_KEY_IDENTIFIER)?.value),
  }
}

interface RawExtension { readonly isCritical: boolean, readonly value: Asn1 | undefined }

function readExtensions (wrapper: Asn1 | undefined): Map<string, RawExtension> | undefined {
  const extensions = new Map<string, RawExtension>()
  for (const extension of childrenOf(childrenOf(wrapper)[0])) {
    const parts = childrenOf(extension)
    const oid = objectIdentifierOf(parts[0])
    if (oid === '' || extensions.has(oid)) return undefined
    const isCritical = isUniversal(parts[1], forge.asn1.Type.BOOLEAN) && contentOf(parts[1])[0] !== 0
    extensions.set(oid, { isCritical, value: readDer(contentOf(parts.at(-1))) })
  }
  return extensions
}

type AlternativeNames = Pick<CertificateFields, 'dnsNames' | 'uris' | 'ips' | 'emails'>

function readAlternativeNames (value: Asn1 | undefined): AlternativeNames | undefined {
  const names: AlternativeNames = { dnsNames: [], uris: [], ips: [], emails: [] }
  for (const name of childrenOf(value)) {
    const bytes = contentOf(name)
    if (isContext(name, 7)) {
      const ip = renderAddress(bytes)
      if (ip === undefined) return undefined
      names.ips.push(ip)
      continue
    }
    const list = isContext(name, 1) ? names.emails : isContext(name, 2) ? names.dnsNames : isContext(name, 6) ? names.uris : undefined
    if (list === undefined) continue
    const text = bytes.toString('latin1')
    if (!/^[\x21-\x7e]+$/.test(text)) return undefined
    list.push(text)
  }
  return names
}

/** An iPAddress (RFC 5280 §4.2.1.6) as dotted decimals or in the form of RFC 5952. */
function renderAddress (bytes: Buffer): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return undefined
  const address = bytes.toString('hex').replace(/(.{4})(?!$)/g, '$1:')
  return new SocketAddress({ address, family: 'ipv6' }).address
}

/** Bits 0, 5 and 6 of KeyUsage (RFC 5280 §4.2.1.3); an absent extension restricts nothing. */
function readKeyUsage (keyUsage: Asn1 | undefined): Pick<CertificateFields, 'mayDigitallySign' | 'maySignCertificates' | 'maySignRevocationLists'> {
  const bits = keyUsage === undefined ? 0xff : contentOf(keyUsage)[1] ?? 0
  return {
    mayDigitallySign: (bits & 0x80) !== 0,
    maySignCertificates: (bits & 0x04) !== 0,
    maySignRevocationLists: (bits & 0x02) !== 0,
  }
}

function readPathLength (basicConstraints: Asn1 | undefined): { pathLengthMax?: number } {
  const integer = childrenOf(basicConstraints).find((part) => isUniversal(part, forge.asn1.Type.INTEGER))
  return integer === undefined ? {} : { pathLengthMax: Number.parseInt(contentOf(integer).toString('hex'), 16) }
}

function readSubjectKeyIdentifier (value: Asn1 | undefined): { subjectKeyIdentifier?: string } {
  const identifier = contentOf(value).toString('hex')
  return identifier === '' ? {} : { subjectKeyIdentifier: identifier }
}
