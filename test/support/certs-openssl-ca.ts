import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A customer's authority as OpenSSL keeps one: a root, an intermediate under it, and their revocation lists. */
export interface OpensslCa {
  readonly directory: string
  /** Issues for a client; `by` is who signs. */
  readonly issue: (by: 'root' | 'intermediate', name: string) => { readonly certificatePem: string, readonly keyPem: string, readonly file: string }
  readonly certificateOf: (who: 'root' | 'intermediate') => string
  /** Revokes by the file of the certificate. */
  readonly revoke: (by: 'root' | 'intermediate', file: string) => void
  /** The list in PEM, valid for so many seconds. */
  readonly list: (of: 'root' | 'intermediate', seconds?: number) => string
  readonly remove: () => void
}

const CONFIG = `
[ca]
default_ca = this
[this]
dir = .
database = $ENV::WHO/index.txt
serial = $ENV::WHO/serial
crlnumber = $ENV::WHO/crlnumber
new_certs_dir = $ENV::WHO
certificate = $ENV::WHO.pem
private_key = $ENV::WHO.key
default_md = sha256
default_days = 30
policy = any
unique_subject = no
crl_extensions = list
[any]
commonName = supplied
[req]
distinguished_name = names
[names]
[list]
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`

/** Makes the two authorities in a fresh directory. */
export function createOpensslCa (): OpensslCa {
  const directory = mkdtempSync(join(tmpdir(), 'customer-ca-'))
  const run = (who: string, ...parameters: string[]): void => { execFileSync('openssl', parameters, { cwd: directory, env: { ...process.env, WHO: who }, stdio: 'pipe' }) }
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8')
  writeFileSync(join(directory, 'ca.cnf'), CONFIG)
  for (const who of ['root', 'intermediate']) {
    mkdirSync(join(directory, who))
    writeFileSync(join(directory, who, 'index.txt'), '')
    writeFileSync(join(directory, who, 'serial'), who === 'root' ? '1000\n' : '00F0\n')
    writeFileSync(join(directory, who, 'crlnumber'), '01\n')
  }
  const request = (name: string, subject: string): void => run('root', 'req', '-new', '-config', 'ca.cnf', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject)
  const sign = (by: string, name: string, extensions: string): void => run(by, 'ca', '-batch', '-config', 'ca.cnf', '-extensions', extensions, '-notext', '-in', `${name}.csr`, '-out', `${name}.pem`)
  request('root', '/CN=Customer root')
  run('root', 'ca', '-batch', '-config', 'ca.cnf', '-extensions', 'authority', '-notext', '-selfsign', '-keyfile', 'root.key', '-in', 'root.csr', '-out', 'root.pem')
  request('intermediate', '/CN=Customer intermediate')
  sign('root', 'intermediate', 'authority')
  return {
    directory,
    issue: (by, name) => {
      request(name, `/CN=${name}`)
      sign(by, name, 'client')
      return { certificatePem: read(`${name}.pem`), keyPem: read(`${name}.key`), file: join(directory, `${name}.pem`) }
    },
    certificateOf: (who) => read(`${who}.pem`),
    revoke: (by, file) => run(by, 'ca', '-config', 'ca.cnf', '-revoke', file, '-crl_reason', 'keyCompromise'),
    list: (of, seconds = 86_400) => {
      run(of, 'ca', '-config', 'ca.cnf', '-gencrl', '-crlsec', String(seconds), '-out', `${of}.crl`)
      return read(`${of}.crl`)
    },
    remove: () => rmSync(directory, { recursive: true }),
  }
}
