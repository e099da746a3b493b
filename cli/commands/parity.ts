import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type * as Authz from '../../authz/index.ts'
import type { ConfigProblem } from '../../config/index.ts'
import { systemClock } from '../../kernel/index.ts'
import { exitCodes, type Terminal } from '../terminal.ts'

interface SideOptions { readonly delay: number, readonly clients?: string }
interface CheckOptions extends SideOptions {
  readonly production: string
  readonly sandbox: string
  readonly productionCa?: string
  readonly sandboxCa?: string
  readonly accept?: string
  readonly threshold?: number
  readonly format: 'text' | 'json' | 'junit' | 'html'
  readonly json?: string
  readonly junit?: string
  readonly html?: string
}
interface RecordOptions extends SideOptions { readonly production: string, readonly productionCa?: string, readonly out: string }

const DELAY_MS = 200

/** The command `parity`, made by whoever of its subcommands comes first. */
export function parityCommand (program: Command): Command {
  return program.commands.find((command) => command.name() === 'parity') ?? program.command('parity').description('compare a sandbox\'s authorization server with production\'s')
}

/** `sandgate parity check` and `parity record`: asks authorization servers from outside and compares what they answer. */
export function addParityCommands (program: Command, terminal: Terminal): void {
  const parity = parityCommand(program)
  const shared = (command: Command): Command => command
    .option('--clients <file>', 'YAML file with a test client for each side, which makes the comparison deeper')
    .addOption(new Option('--delay <ms>', 'pause before each request, in milliseconds').default(DELAY_MS).argParser(readCount))
    .option('--production-ca <file>', 'CA certificates in PEM that production\'s chains to')
  shared(parity.command('check'))
    .description('compare a sandbox with production, or with a recording of it: a score, and what differs')
    .requiredOption('--production <issuer or file>', 'production\'s issuer, or a recording of it')
    .requiredOption('--sandbox <issuer>', 'the sandbox\'s issuer')
    .option('--sandbox-ca <file>', 'CA certificates in PEM that the sandbox\'s chains to')
    .option('--accept <file>', 'YAML file of known, accepted differences')
    .addOption(new Option('--threshold <score>', 'end with 6 when the score is lower').argParser(readScore))
    .addOption(new Option('--format <form>', 'what goes to standard output').choices(['text', 'json', 'junit', 'html']).default('text'))
    .option('--json <file>', 'also write the report as JSON')
    .option('--junit <file>', 'also write the report as JUnit XML')
    .option('--html <file>', 'also write the report as HTML')
    .action(async (options: CheckOptions) => await guard(terminal, async () => await check(options, terminal)))
  shared(parity.command('record'))
    .description('ask production once and keep what its answers look like, to compare with later')
    .requiredOption('--production <issuer>', 'production\'s issuer')
    .requiredOption('--out <file>', 'where to write the recording')
    .action(async (options: RecordOptions) => await guard(terminal, async () => await record(options, terminal)))
}

async function check (options: CheckOptions, terminal: Terminal): Promise<number> {
  const production = openProduction(options, terminal)
  const sandbox = sideOf(options.sandbox, '--sandbox', options.sandboxCa, '--sandbox-ca', terminal)
  // Loaded here: what is wrong with the command line is told without it.
  const authz = await import('../../authz/index.ts')
  const clients = await readClients(options.clients, authz, terminal)
  const accept = options.accept === undefined ? undefined : await readDocument(options.accept, authz.AcceptSchema)
  const outcome = await authz.checkParity({
    production: typeof production === 'string' ? readRecording(options.production, production, authz) : withClient(production, clients.production),
    sandbox: withClient(sandbox, clients.sandbox),
    clock: systemClock,
    delayMs: options.delay,
    ...(accept === undefined ? {} : { accept: accept.value.accept }),
    ...(options.threshold === undefined ? {} : { threshold: options.threshold }),
    onProgress: (message) => terminal.err(`  ${message}`),
  })
  if (outcome.kind === 'unreachable') throw new Failure(`${outcome.issuer} cannot be compared: ${outcome.why}.${caHint(outcome.why)}`, exitCodes.unreachable)
  const { report } = outcome
  const render = { text: authz.renderText, json: authz.renderJson, junit: authz.renderJunit, html: authz.renderHtml }
  for (const form of ['json', 'junit', 'html'] as const) {
    const file = options[form]
    if (file !== undefined) write(file, render[form](report))
  }
  terminal.out(render[options.format](report).replace(/\n$/, ''))
  return authz.isPassed(report) ? exitCodes.ok : exitCodes.belowThreshold
}

async function record (options: RecordOptions, terminal: Terminal): Promise<number> {
  const production = sideOf(options.production, '--production', options.productionCa, '--production-ca', terminal)
  const authz = await import('../../authz/index.ts')
  const clients = await readClients(options.clients, authz, terminal)
  const outcome = await authz.recordParity({ production: withClient(production, clients.production), clock: systemClock, delayMs: options.delay })
  if (outcome.kind === 'unreachable') throw new Failure(`${outcome.issuer} cannot be recorded: ${outcome.why}.${caHint(outcome.why)}`, exitCodes.unreachable)
  write(options.out, authz.writeRecording(outcome.recording))
  for (const note of outcome.notes) terminal.err(note)
  terminal.err(`Recorded ${outcome.recording.issuer} to ${options.out}. It holds shapes of answers, and no secret, token or code.`)
  return exitCodes.ok
}

/** An issuer is a URL; anything else is the name of a recording, of which the text is given. */
function openProduction ({ production, productionCa }: CheckOptions, terminal: Terminal): Authz.LiveSide | string {
  if (/^https?:\/\//i.test(production)) return sideOf(production, '--production', productionCa, '--production-ca', terminal)
  const text = terminal.readText(production)
  if (text === undefined) throw new Failure(`--production ${production} is neither an issuer (https://…) nor a recording that can be read.`, exitCodes.usage)
  return text
}

function readRecording (file: string, text: string, authz: typeof Authz): Authz.Recording {
  const recording = authz.readRecording(text)
  if (typeof recording === 'string') throw new Failure(`${file} cannot be used: ${recording}.`, exitCodes.configInvalid)
  return recording
}

function withClient (side: Authz.LiveSide, client: Authz.TestClient | undefined): Authz.LiveSide {
  return client === undefined ? side : { ...side, client }
}

function sideOf (issuer: string, flag: string, caFile: string | undefined, caFlag: string, { readText }: Terminal): Authz.LiveSide {
  const url = URL.parse(issuer)
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') throw new Failure(`${flag} ${issuer} is no issuer: it must be an https URL without query or fragment (RFC 8414 §2).`, exitCodes.usage)
  if (url.protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) throw new Failure(`${flag} ${issuer}: http is for loopback only, because a client's secret may be sent.`, exitCodes.usage)
  const authorityPem = caFile === undefined ? undefined : readText(caFile)
  if (caFile !== undefined && !/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(authorityPem ?? '')) throw new Failure(`${caFlag} ${caFile} is no file of certificates in PEM.`, exitCodes.usage)
  return { issuer, ...(authorityPem === undefined ? {} : { authorityPem }) }
}

async function readClients (file: string | undefined, authz: typeof Authz, { environment }: Terminal): Promise<Authz.ResolvedClients> {
  if (file === undefined) return {}
  const document = await readDocument(file, authz.ClientsSchema)
  const { clients, problems } = authz.resolveClients(document.value, { environment, readText: (name) => readIfThere(path.resolve(path.dirname(file), name)) })
  if (problems.length > 0) {
    const { formatProblems } = await import('../../config/index.ts')
    throw new Failure(formatProblems(problems.map(({ path: at, message }): ConfigProblem => ({ file, ...document.locate(at), path: at.join('.'), found: 'something else, or nothing', expected: message, hint: '', excerpt: '' }))), exitCodes.configInvalid)
  }
  return clients
}

async function readDocument<T extends Parameters<typeof import('../../config/index.ts').readYaml>[1]> (file: string, schema: T) {
  const { formatProblems, readYaml } = await import('../../config/index.ts')
  const document = readYaml(file, schema)
  if (document.kind === 'refused') throw new Failure(formatProblems(document.problems), exitCodes.configInvalid)
  return document
}

function caHint (why: string): string {
  return why.includes('not trusted') ? ' Give its CA with --production-ca or --sandbox-ca; a development CA is ca.pem among the quickstart files.' : ''
}

/** Something that ends the command with a sentence and a code. */
class Failure extends Error {
  readonly exitCode: number

  constructor (message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

async function guard (terminal: Terminal, run: () => Promise<number>): Promise<void> {
  try {
    terminal.exit(await run())
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    terminal.err(error.message)
    terminal.exit(error.exitCode)
  }
}

function write (file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown cause'}.`, exitCodes.failure)
  }
}

function readIfThere (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function readCount (text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of milliseconds up to 99999.')
  return Number(text)
}

function readScore (text: string): number {
  const score = Number(text)
  if (!/^\d{1,3}(?:\.\d+)?$/.test(text) || score > 100) throw new InvalidArgumentError('It must be a number from 0 to 100.')
  return score
}
