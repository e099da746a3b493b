import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { DAY_MS, START_MS } from './certs-authority.ts'

export { BasicConstraintsExtension, Extension, KeyUsageFlags, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate as PeculiarCertificate } from '@peculiar/x509'

/** Certificates that our authority would never issue, made with the library directly. */
export interface ForeignCertificate {
  readonly der: Buffer
  readonly pem: string
  readonly key: KeyObject
  readonly keyPem: string
  readonly certificate: x509.X509Certificate
}

export interface ForeignOptions {
  readonly name: string | x509.JsonNameParams
  /** Absent: self-signed. */
  readonly issuer?: ForeignCertificate
  readonly isAuthority?: boolean
  readonly pathLength?: number
  readonly purposes?: string[]
  readonly keyUsages?: number
  readonly extensions?: x509.Extension[]
  readonly alternativeNames?: x509.JsonGeneralNames
  readonly fromMs?: number
  readonly untilMs?: number
  readonly keyPair?: { publicKey: KeyObject, privateKey: KeyObject }
  readonly hash?: string
}

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

export async function createForeignCertificate (options: ForeignOptions): Promise<ForeignCertificate> {
  const { publicKey, privateKey } = options.keyPair ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = options.issuer?.key ?? privateKey
  const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
  const name = new x509.Name(options.name)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: options.issuer?.certificate.subjectName ?? name,
    publicKey: spki,
    notBefore: new Date(options.fromMs ?? START_MS - DAY_MS),
    notAfter: new Date(options.untilMs ?? START_MS + DAY_MS),
    signingKey: toCryptoKey(signer, options.hash ?? 'SHA-256'),
    signingAlgorithm: { name: signer.asymmetricKeyType === 'rsa' ? 'RSASSA-PKCS1-v1_5' : 'ECDSA', hash: options.hash ?? 'SHA-256' } as never,
    extensions: [
      ...(options.isAuthority === true ? [new x509.BasicConstraintsExtension(true, options.pathLength, true)] : []),
      ...(options.keyUsages === undefined ? [] : [new x509.KeyUsagesExtension(options.keyUsages, true)]),
      ...(options.purposes === undefined ? [] : [new x509.ExtendedKeyUsageExtension(options.purposes)]),
      ...(options.alternativeNames === undefined ? [] : [new x509.SubjectAlternativeNameExtension(options.alternativeNames)]),
      ...(options.extensions ?? []),
    ],
  })
  const der = Buffer.from(certificate.rawData)
  return { der, pem: certificate.toString('pem'), key: privateKey, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate }
}

/** A PKCS #10 request, signed by the key itself unless another signer is given. */
export async function createRequest (options: { name: string | x509.JsonNameParams, keyPair: { publicKey: KeyObject, privateKey: KeyObject }, extensions?: x509.Extension[] }): Promise<string> {
  const { publicKey, privateKey } = options.keyPair
  const isRsa = privateKey.asymmetricKeyType === 'rsa'
  const algorithm = isRsa ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'ECDSA', namedCurve: curveOf(privateKey) }
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name(options.name),
    keys: { privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']), publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']) },
    signingAlgorithm: { name: algorithm.name, hash: 'SHA-256' } as never,
    extensions: options.extensions ?? [],
  })
  return request.toString('pem')
}

function toCryptoKey (key: KeyObject, hash: string): ReturnType<KeyObject['toCryptoKey']> {
  return key.asymmetricKeyType === 'rsa'
    ? key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash }, false, ['sign'])
    : key.toCryptoKey({ name: 'ECDSA', namedCurve: curveOf(key) }, false, ['sign'])
}

/** The curve's name as Web Crypto has it; P-256 where it knows none, which fails there. */
function curveOf (key: KeyObject): string {
  const names = new Map([['prime256v1', 'P-256'], ['secp384r1', 'P-384'], ['secp521r1', 'P-521']])
  return names.get(key.asymmetricKeyDetails?.namedCurve ?? '') ?? 'P-256'
}
