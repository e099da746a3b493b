import { createPrivateKey, X509Certificate } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { Secret } from '../../kernel/index.ts'
import type { KeyedCertificate, TestClient, TestClientAuth } from './side.ts'

const METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'] as const

const secretText = Type.Unsafe<string>({ type: 'string', minLength: 1, 'x-means': 'secret', description: 'The secret, best as ${NAME} to take it from the environment.' }) // eslint-disable-line no-template-curly-in-string -- it is what people are to write
const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

const ClientSchema = Type.Object({
  client_id: Type.String({ minLength: 1, maxLength: 500, description: 'Its client_id.' }),
  auth: Type.Object({
    method: Type.Unsafe<typeof METHODS[number]>({ type: 'string', enum: [...METHODS], description: 'How it authenticates.' }),
    secret: Type.Optional(secretText),
    key_file: file('Its private key in PEM, for private_key_jwt and for the certificate.'),
    key_id: file('The kid of that key, where the server wants one.'),
    certificate_file: file('Its certificate in PEM, with key_file.'),
  }, { additionalProperties: false, description: 'How the client proves who it is.' }),
  redirect_uri: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'A redirect_uri that is registered.' })),
  scope: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'Scopes to ask for, separated by spaces.' })),
  resource: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'The resource to ask for (RFC 8707).' })),
  login: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z_]{1,60}$' }), Type.String({ maxLength: 2000 }), { description: 'Authorization parameters that let this client in without a person, such as login_hint.' })),
}, { additionalProperties: false })

/** The file of test clients, one for each side. */
export const ClientsSchema = Type.Object({ production: Type.Optional(ClientSchema), sandbox: Type.Optional(ClientSchema) }, { additionalProperties: false })

export type ClientEntry = Static<typeof ClientSchema>
type Side = keyof Static<typeof ClientsSchema>
export type ResolvedClients = { readonly [side in Side]?: TestClient }

/** What is wrong with an entry, as a path into the file and a sentence. */
export interface ClientProblem { readonly path: readonly string[], readonly message: string }

export interface ClientSources {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The contents of a file named in the document, undefined when it cannot be read. */
  readonly readText: (file: string) => string | undefined
}

/** Puts secrets, keys and certificates in the place of their names. Every problem is told; none repeats a secret. */
export function resolveClients (entries: Static<typeof ClientsSchema>, sources: ClientSources): { readonly clients: ResolvedClients, readonly problems: readonly ClientProblem[] } {
  const problems: ClientProblem[] = []
  const clients = Object.fromEntries(Object.entries(entries).map(([side, entry]) => [side, resolve(entry, [side], sources, problems)]))
  return { clients, problems }
}

function resolve (entry: ClientEntry, path: readonly string[], sources: ClientSources, problems: ClientProblem[]): TestClient {
  const tell = (member: string, message: string): undefined => {
    problems.push({ path: [...path, ...member.split('.')], message })
    return undefined
  }
  if (entry.redirect_uri !== undefined && URL.parse(entry.redirect_uri) === null) tell('redirect_uri', 'an absolute URI')
  const certificate = readCertificate(entry, sources, tell)
  return {
    clientId: entry.client_id,
    auth: resolveAuth(entry, certificate, sources, tell),
    ...(entry.redirect_uri === undefined ? {} : { redirectUri: entry.redirect_uri }),
    ...(entry.scope === undefined ? {} : { scope: entry.scope }),
    ...(entry.resource === undefined ? {} : { resource: entry.resource }),
    ...(entry.login === undefined ? {} : { login: entry.login }),
    ...(certificate === undefined ? {} : { certificate }),
  }
}

type Tell = (member: string, message: string) => undefined

/** Stands for what was told to be missing, until all problems are known and nothing of it is used. */
function told (_problem: undefined): string {
  return ''
}

function resolveAuth ({ auth }: ClientEntry, certificate: KeyedCertificate | undefined, sources: ClientSources, tell: Tell): TestClientAuth {
  switch (auth.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
    case 'client_secret_jwt': return { method: auth.method, secret: new Secret(readSecret(auth.secret, sources, tell)) }
    case 'private_key_jwt': return { method: auth.method, keyPem: readKey(auth.key_file, sources, tell), ...(auth.key_id === undefined ? {} : { kid: auth.key_id }) }
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth': {
      if (auth.certificate_file === undefined) tell('auth.certificate_file', `a file, because the method is ${auth.method}`)
      return { method: auth.method, certificate: certificate ?? { certificatePem: '', keyPem: new Secret('') } }
    }
    case 'none': return { method: 'none' }
  }
}

function readSecret (text: string | undefined, { environment }: ClientSources, tell: Tell): string {
  if (text === undefined) return told(tell('auth.secret', 'a secret, because the method needs one'))
  return text.replace(/\$\{([^}]*)\}/g, (_whole, name: string) => {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    return value ?? told(tell('auth.secret', `a variable that is set: ${/^\w{1,80}$/.test(name) ? name : 'the one named here'} is not`))
  })
}

function readKey (name: string | undefined, { readText }: ClientSources, tell: Tell): Secret {
  if (name === undefined) return new Secret(told(tell('auth.key_file', 'a file with a private key in PEM')))
  const pem = readText(name)
  if (pem === undefined) return new Secret(told(tell('auth.key_file', 'a file that can be read')))
  try {
    createPrivateKey(pem)
    return new Secret(pem)
  } catch {
    return new Secret(told(tell('auth.key_file', 'a private key in PEM, without a passphrase')))
  }
}

function readCertificate ({ auth }: ClientEntry, sources: ClientSources, tell: Tell): KeyedCertificate | undefined {
  if (auth.certificate_file === undefined) return undefined
  const certificatePem = sources.readText(auth.certificate_file)
  if (certificatePem === undefined) return tell('auth.certificate_file', 'a file that can be read')
  try {
    const certificate = new X509Certificate(certificatePem)
    const keyPem = readKey(auth.key_file, sources, tell)
    if (keyPem.reveal() !== '' && !certificate.checkPrivateKey(createPrivateKey(keyPem.reveal()))) return tell('auth.key_file', 'the key of the certificate')
    return { certificatePem, keyPem }
  } catch {
    return tell('auth.certificate_file', 'a certificate in PEM')
  }
}
