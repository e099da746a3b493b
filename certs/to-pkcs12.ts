import { createHash, createHmac, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { decodePem } from './pem.ts'

export interface Pkcs12Contents {
  readonly certificatePem: string
  /** PKCS#8, PKCS#1 or SEC 1. */
  readonly keyPem: string
  /** The issuer's certificates, so that the holder can present and trust the chain. */
  readonly caPem: string
  readonly password: string
  /** What a key store lists the entry under. Default: the common name, or `sandgate`. */
  readonly friendlyName?: string
  /**
   * `aes256`: AES-256-CBC and HMAC-SHA-256, for OpenSSL, Java 8u301 and later, browsers, Windows.
   * `3des`: triple DES and HMAC-SHA-1, for older macOS keychains and Java. Default: `aes256`.
   */
  readonly encryption?: 'aes256' | '3des'
}

/** As many as Java's keytool takes; the guessing of a password costs as much through the key as through the MAC. */
const ITERATIONS = 10_000
const SALT_BYTES = 16

/**
 * Packs a certificate, its key and its authority into a PKCS #12 file (RFC 7292 §4), which browsers and Java clients import.
 * The key is encrypted (§4.2.2) and everything is under a password MAC (§4); the certificates, being public, are not encrypted.
 *
 * @throws when the key is not the certificate's or the password is empty
 */
export function toPkcs12 (contents: Pkcs12Contents): Buffer {
  const [leaf, ...rest] = [contents.certificatePem, contents.caPem].flatMap((pem) => decodePem(pem, ['CERTIFICATE']) ?? [])
  if (leaf === undefined) throw new Error('There is no PEM certificate to export')
  if (contents.password === '') throw new RangeError('A PKCS #12 file needs a password')
  const key = createPrivateKey(contents.keyPem)
  const x509 = new X509Certificate(leaf)
  if (!x509.checkPrivateKey(key)) throw new Error('The key does not belong to the certificate')
  const attributes = bagAttributes(leaf, contents.friendlyName ?? readCommonName(x509) ?? 'sandgate')
  const certificateBags = [certificateBag(leaf, attributes), ...rest.map((der) => certificateBag(der))]
  const keyBag = shroudedKeyBag(key.export({ type: 'pkcs8', format: 'der' }), contents, attributes)
  const authenticatedSafe = toBytes(sequence(dataContent(sequence(...certificateBags)), dataContent(sequence(keyBag))))
  const pfx = sequence(integer(3), dataContent(authenticatedSafe), macData(authenticatedSafe, contents))
  return Buffer.from(toBytes(pfx), 'latin1')
}

type Asn1 = forge.asn1.Asn1
const { Class, Type } = forge.asn1

/** SafeBag with an x509Certificate (RFC 7292 §4.2.3). */
function certificateBag (der: Buffer, attributes?: Asn1): Asn1 {
  const bag = sequence(oid('1.2.840.113549.1.9.22.1'), explicit(octets(der.toString('latin1'))))
  return safeBag('1.2.840.113549.1.12.10.1.3', bag, attributes)
}

/** SafeBag with an EncryptedPrivateKeyInfo (RFC 7292 §4.2.2). */
function shroudedKeyBag (pkcs8: Buffer, { password, encryption = 'aes256' }: Pkcs12Contents, attributes: Asn1): Asn1 {
  const key = forge.asn1.fromDer(pkcs8.toString('latin1'))
  const options = { algorithm: encryption, count: ITERATIONS, saltSize: SALT_BYTES, prfAlgorithm: 'sha256' } as const
  // PBES2 takes the password as UTF-8 (RFC 8018 §3), the older scheme as a BMPString (RFC 7292 appendix B.1).
  const encrypted = forge.pki.encryptPrivateKeyInfo(key, encryption === 'aes256' ? forge.util.encodeUtf8(password) : password, options)
  return safeBag('1.2.840.113549.1.12.10.1.2', encrypted, attributes)
}

/** RFC 7292 §4.2, SafeBag. */
function safeBag (type: string, value: Asn1, attributes?: Asn1): Asn1 {
  return sequence(oid(type), explicit(value), ...(attributes === undefined ? [] : [attributes]))
}

/** localKeyId ties key and certificate together, friendlyName is their alias (RFC 2985 §5.5.1, §5.5.2). */
function bagAttributes (leaf: Buffer, friendlyName: string): Asn1 {
  const localKeyId = octets(createHash('sha1').update(leaf).digest().toString('latin1'))
  return set(
    sequence(oid('1.2.840.113549.1.9.20'), set(primitive(Type.BMPSTRING, friendlyName))),
    sequence(oid('1.2.840.113549.1.9.21'), set(localKeyId))
  )
}

/** MacData over the AuthenticatedSafe (RFC 7292 §4, key by appendix B with the identifier 3). */
function macData (authenticatedSafe: string, { password, encryption = 'aes256' }: Pkcs12Contents): Asn1 {
  const mac = encryption === 'aes256'
    ? { hash: 'sha256', oid: '2.16.840.1.101.3.4.2.1', bytes: 32, digest: forge.md.sha256.create() }
    : { hash: 'sha1', oid: '1.3.14.3.2.26', bytes: 20, digest: forge.md.sha1.create() }
  const salt = randomBytes(SALT_BYTES).toString('latin1')
  const key = derivePkcs12Key(password, forge.util.createBuffer(salt), 3, ITERATIONS, mac.bytes, mac.digest)
  const value = createHmac(mac.hash, Buffer.from(key.getBytes(), 'latin1')).update(authenticatedSafe, 'latin1').digest().toString('latin1')
  const algorithm = sequence(oid(mac.oid), primitive(Type.NULL, ''))
  return sequence(sequence(algorithm, octets(value)), octets(salt), integer(ITERATIONS))
}

/** node-forge's types lack the derivation of RFC 7292 appendix B. */
const { generateKey: derivePkcs12Key } = forge.pkcs12 as unknown as {
  generateKey: (password: string, salt: forge.util.ByteStringBuffer, identifier: 1 | 2 | 3, iterations: number, bytes: number, digest: forge.md.MessageDigest) => forge.util.ByteStringBuffer
}

/** ContentInfo of the type data (RFC 5652 §4). */
function dataContent (content: Asn1 | string): Asn1 {
  return sequence(oid('1.2.840.113549.1.7.1'), explicit(octets(typeof content === 'string' ? content : toBytes(content))))
}

function readCommonName (x509: X509Certificate): string | undefined {
  const subject: unknown = x509.toLegacyObject().subject.CN
  return typeof subject === 'string' ? subject : undefined
}

function toBytes (element: Asn1): string {
  return forge.asn1.toDer(element).getBytes()
}

function sequence (...parts: Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts)
}

function set (...parts: Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SET, true, parts)
}

function explicit (part: Asn1): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, 0, true, [part])
}

function oid (dotted: string): Asn1 {
  return primitive(Type.OID, forge.asn1.oidToDer(dotted).getBytes())
}

function octets (bytes: string): Asn1 {
  return primitive(Type.OCTETSTRING, bytes)
}

function integer (value: number): Asn1 {
  return primitive(Type.INTEGER, forge.asn1.integerToDer(value).getBytes())
}

function primitive (type: forge.asn1.Type, bytes: string): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, type, false, bytes)
}
