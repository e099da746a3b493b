import { InvalidArgumentError, type Command } from 'commander'
import { controlCommandsOf } from '../control-command.ts'
import { pickDefined, readCount, readObject } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

interface ClientOptions {
  readonly name?: string
  readonly method?: string
  readonly grant?: readonly string[]
  readonly redirectUri?: readonly string[]
  readonly corsOrigin?: readonly string[]
  readonly scope?: string
  readonly jwks?: object
  readonly csr?: string
  readonly certificate?: string
  readonly lifetime?: Readonly<Record<string, string>>
  readonly headlessLogin?: boolean
  readonly metadata?: object
  readonly overlap?: string
  readonly uses?: number
  readonly expiresIn?: string
}

/** The OAuth clients of a sandbox, and the tokens by which clients register themselves. */
export function addClientCommands (program: Command, terminal: Terminal): void {
  const add = controlCommandsOf<ClientOptions>(terminal)
  const clients = program.command('clients').description('OAuth clients: how they authenticate and what they may')
  withClientOptions(add(clients, 'create <name>', 'register a client; its secret or key is shown this once', 'developer', ([name], options) => ['POST', '/sandbox/clients', { name, ...bodyOf(options) }]), terminal)
    .requiredOption('--method <method>', 'client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth or none')
    .option('--csr <file>', 'a PKCS#10 request in PEM, for tls_client_auth', (file) => readFile(file, terminal))
    .option('--certificate <serial>', 'a certificate of this sandbox, for tls_client_auth')
  add(clients, 'list', 'every client, also those that registered themselves', 'developer', () => ['GET', '/sandbox/clients'])
  add(clients, 'show <client-id>', 'one client, without its secret', 'developer', ([id]) => ['GET', pathOf(id)])
  withClientOptions(add(clients, 'update <client-id>', 'change what is given; works at once', 'developer', ([id], options) => ['PATCH', pathOf(id), bodyOf(options)]), terminal)
    .option('--name <name>', 'shown on the consent page')
    .option('--method <method>', 'how it authenticates')
    .option('--no-headless-login', 'takes the opt-in back')
  add(clients, 'delete <client-id>', 'remove a client; its tokens stop at once', 'developer', ([id]) => ['DELETE', pathOf(id)])
  add(clients, 'rotate-secret <client-id>', 'give a new secret, shown this once; the old one works until the overlap ends', 'developer', ([id], { overlap }) => ['POST', `${pathOf(id)}/secret`, overlap === undefined ? {} : { overlap }])
    .option('--overlap <duration>', 'how long the old secret works, for instance 24h; 0s: it stops at once (default: 24h)')
  addRegistrationTokens(program, add)
}

function addRegistrationTokens (program: Command, add: ReturnType<typeof controlCommandsOf<ClientOptions>>): void {
  const tokens = program.command('registration-token').description('initial access tokens, by which clients register themselves (RFC 7591)')
  const first = { command: (name: string) => tokens.command(name, { isDefault: true }) } as unknown as Command
  add(first, 'create', 'make one, shown this once (what the command does when nothing else is said)', 'developer', (_args, { uses, expiresIn }) => ['POST', '/sandbox/registration-tokens', pickDefined({ uses, expires_in: expiresIn })])
    .option('--uses <count>', 'how many clients it registers', readCount)
    .option('--expires-in <duration>', 'how long it works, for instance 1h (default: 7d)')
  add(tokens, 'list', 'those that are good, without the tokens', 'developer', () => ['GET', '/sandbox/registration-tokens'])
  add(tokens, 'revoke <id>', 'revoke one; clients that registered with it stay', 'developer', ([id = '']) => ['DELETE', `/sandbox/registration-tokens/${encodeURIComponent(id)}`])
}

const EXAMPLE = '{"dpop_bound_access_tokens":true}'

function withClientOptions (command: Command, terminal: Terminal): Command {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]
  return command
    .option('--grant <type>', 'a grant type; may be repeated', collect)
    .option('--redirect-uri <uri>', 'may be repeated', collect)
    .option('--cors-origin <origin>', 'an origin that scripts may call from, beside those of the redirect URIs; may be repeated', collect)
    .option('--scope <scopes>', 'scopes, separated by spaces')
    .option('--jwks <file>', 'public keys, a JSON Web Key Set', (file) => readObject(readFile(file, terminal), EXAMPLE))
    .option('--lifetime <token=duration>', 'a lifetime of its own, access_token=5m, id_token=… or refresh_token=…; may be repeated', readLifetime)
    .option('--headless-login', 'opts into the login without pages')
    .option('--metadata <json>', 'any further client metadata, as a JSON object or @file', (text) => readObject(text.startsWith('@') ? readFile(text.slice(1), terminal) : text, EXAMPLE))
}

/** What is wrong with any of it the control API says, by name. */
function bodyOf ({ name, method, grant, redirectUri, corsOrigin, scope, jwks, csr, certificate, lifetime, headlessLogin, metadata }: ClientOptions): object {
  return {
    ...metadata,
    ...pickDefined({
      name,
      token_endpoint_auth_method: method,
      grant_types: grant,
      redirect_uris: redirectUri,
      allowed_cors_origins: corsOrigin,
      scope,
      jwks,
      csr,
      certificate,
      lifetimes: lifetime,
      headless_login: headlessLogin,
    }),
  }
}

function readLifetime (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be a token and a duration, such as access_token=5m.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function readFile (file: string, terminal: Terminal): string {
  const text = terminal.readText(file)
  if (text === undefined) throw new InvalidArgumentError(`${file} cannot be read.`)
  return text
}

function pathOf (id = ''): string {
  return `/sandbox/clients/${encodeURIComponent(id)}`
}
