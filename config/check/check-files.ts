import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Path, Violation } from '../problem.ts'
import { isDirectory, isFile, readFile } from '../read-file.ts'
import type { CheckContext, CrossCheck } from './check.ts'

const PEM_BYTES_MAX = 1_048_576

/** Refuses files that do not exist, PEM files that hold something else, and keys of another certificate: for the doors' TLS. */
export const checkTlsFiles: CrossCheck = {
  reads: [['tls', 'certificate_file'], ['tls', 'key_file'], ['tls', 'client_ca_file'], ['tls', 'client_crl_files']],
  run: ({ tls }, context) => [
    ...checkExistence([[['tls', 'certificate_file'], tls.certificate_file], [['tls', 'key_file'], tls.key_file], [['tls', 'client_ca_file'], tls.client_ca_file], ...tls.client_crl_files.map((file, index): [Path, string] => [['tls', 'client_crl_files', index], file])], context),
    ...checkPair(['tls', 'certificate_file'], ['tls', 'key_file'], [tls.certificate_file, tls.key_file], context),
    ...checkCertificates(['tls', 'client_ca_file'], tls.client_ca_file, context)
  ]
}

/** The same for the files of key material. */
export const checkKeyFiles: CrossCheck = {
  reads: [['keys', 'ca_certificate_file'], ['keys', 'ca_key_file'], ['keys', 'signing_keys_file']],
  run: ({ keys }, context) => [
    ...checkExistence([[['keys', 'ca_certificate_file'], keys.ca_certificate_file], [['keys', 'ca_key_file'], keys.ca_key_file], [['keys', 'signing_keys_file'], keys.signing_keys_file]], context),
    ...checkPair(['keys', 'ca_certificate_file'], ['keys', 'ca_key_file'], [keys.ca_certificate_file, keys.ca_key_file], context),
    ...checkSigningKeys(keys.signing_keys_file, context)
  ]
}

/** Refuses documents and behaviours of APIs that do not exist. */
export const checkApiFiles: CrossCheck = {
  reads: [['apis']],
  run: ({ apis }, context) => checkExistence(apis.flatMap((api, index): (readonly [Path, string])[] => api.kind === 'core'
    ? [[['apis', index, 'openapi'], api.openapi], [['apis', index, 'behaviour'], api.behaviour]]
    : []), context)
}

/** Refuses a directory of rules that does not exist. */
export const checkRulesDirectory: CrossCheck = {
  reads: [['abuse', 'rules_directory']],
  run: ({ abuse }, context) => {
    const path = ['abuse', 'rules_directory']
    return isDirectory(context.resolve(path, abuse.rules_directory)) ? [] : [missing(path, abuse.rules_directory, 'a directory that exists')]
  }
}

function checkExistence (files: readonly (readonly [Path, string])[], context: CheckContext): Violation[] {
  return files.flatMap(([path, file]) => file === '' || isFile(context.resolve(path, file)) ? [] : [missing(path, file, 'a file that exists')])
}

function missing (path: Path, file: string, expected: string): Violation {
  return { path, part: 'value', found: `${JSON.stringify(file)}, which does not exist`, expected, hint: 'A path in the file is relative to that file; one from the environment or a flag to the working directory.' }
}

/** A certificate and its key come together. */
function checkPair (certificatePath: Path, keyPath: Path, files: readonly [string, string], context: CheckContext): Violation[] {
  const [certificateFile, keyFile] = files
  if (certificateFile === '' && keyFile === '') return []
  if (certificateFile === '') return [lonely(certificatePath, keyPath)]
  if (keyFile === '') return [lonely(keyPath, certificatePath)]
  const wrong = checkCertificates(certificatePath, certificateFile, context)
  const key = readText(context.resolve(keyPath, keyFile))
  if (wrong.length > 0 || key === undefined) return wrong
  const certificate = firstCertificate(readText(context.resolve(certificatePath, certificateFile)) ?? '')
  const privateKey = parsePrivateKey(key)
  if (privateKey === undefined) return [{ path: keyPath, part: 'value', found: 'a file without a readable private key', expected: 'an unencrypted private key in PEM', hint: 'Encrypted keys are not read: decrypt it with openssl pkey.' }]
  if (certificate?.checkPrivateKey(privateKey) === true) return []
  return [{ path: keyPath, part: 'value', found: 'the key of another certificate', expected: `the key of ${certificatePath.join('.')}`, hint: 'The first certificate of the file must be the one of the key.' }]
}

function lonely (emptyPath: Path, otherPath: Path): Violation {
  return { path: emptyPath, part: 'value', found: 'nothing', expected: `a file, because ${otherPath.join('.')} is set`, hint: 'A certificate and its key come together: set both or neither.' }
}

function checkCertificates (path: Path, file: string, context: CheckContext): Violation[] {
  const text = file === '' ? undefined : readText(context.resolve(path, file))
  if (text === undefined || firstCertificate(text) !== undefined) return []
  return [{ path, part: 'value', found: 'a file without a readable certificate', expected: 'certificates in PEM', hint: 'It starts with -----BEGIN CERTIFICATE-----.' }]
}

function checkSigningKeys (file: string, context: CheckContext): Violation[] {
  const path = ['keys', 'signing_keys_file']
  const text = file === '' ? undefined : readText(context.resolve(path, file))
  if (text === undefined || isPrivateKeySet(text)) return []
  return [{ path, part: 'value', found: 'a file that holds no private keys', expected: 'a JSON Web Key Set, {"keys": [...]}, of private keys (RFC 7517 §5)', hint: 'Each key has a kty and the member d.' }]
}

function isPrivateKeySet (text: string): boolean {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown }
    return Array.isArray(keys) && keys.length > 0 && keys.every((key: unknown) => typeof key === 'object' && key !== null && 'kty' in key && 'd' in key)
  } catch {
    return false
  }
}

function readText (file: string): string | undefined {
  const outcome = readFile(file, PEM_BYTES_MAX)
  return outcome.kind === 'read' ? outcome.text : undefined
}

function firstCertificate (pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function parsePrivateKey (pem: string): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
