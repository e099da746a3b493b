import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { callControl, type ControlAccess } from '../control-client.ts'
import { reportReply, withAccess, withControlOptions, type ControlOptions } from '../control-command.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import { describeHandshake, describeRequest, rowOf, type HandshakeBody, type RequestBody, type RequestSummary } from './describe-record.ts'
import { describeToken, nameToken, type TokenBody } from './describe-token.ts'
import { tabulate } from '../wrap-text.ts'

interface Output { readonly json?: true }
interface ListOptions extends ControlOptions, Output { readonly code?: string, readonly client?: string, readonly status?: string, readonly since?: string, readonly before?: string, readonly limit: string, readonly follow?: true }

const FOLLOW_MS = 1000

/** What happened and why: `requests`, `explain`, `token` and `handshakes`. Text for people, JSON with `--json`. */
export function addExplainCommands (program: Command, terminal: Terminal): void {
  shared(program.command('requests').description('requests of this sandbox\'s clients, newest first'))
    .option('--code <code>', 'of the answer or of the cause, for instance invalid_grant or pkce_verifier_mismatch')
    .option('--client <client-id>', 'of one client')
    .option('--status <class>', 'for instance 4xx')
    .option('--since <time>', 'for instance 2026-01-31T12:00:00Z')
    .option('--before <id>', 'older than this one')
    .option('--limit <count>', '1 to 100', '20')
    .option('--follow', 'go on, and print new ones as they come')
    .action(async (options: ListOptions) => await withAccess('developer', options, terminal, async (access) => await listRequests(access, options, terminal)))
  shared(program.command('explain').argument('<request-id>', 'the x-request-id of the answer').description('why a request was refused: cause, seen, expected, clause and fix'))
    .action(async (id: string, options: ControlOptions & Output) => await show('developer', options, `/sandbox/requests/${encodeURIComponent(id)}`, (body) => describeRequest(body as RequestBody), terminal))
  shared(program.command('token').argument('[token]', 'its jti, its name, or the token itself; left out: read from standard input').description('the life of a token: asked, issued, used, refreshed, refused, revoked, expired'))
    .addHelpText('after', '\nOf the token itself only the jti, or a digest, is sent. Other people on the machine can read arguments: better `sandgate token < file`.')
    .action(async (given: string | undefined, options: ControlOptions & Output) => await showToken(given ?? terminal.readInput(), options, terminal))
  shared(program.command('handshakes').description('TLS handshakes from this address that failed, with cause and fix'))
    .option('--all', 'of all addresses (operator)')
    .action(async (options: ControlOptions & Output & { readonly all?: true }) => await show(options.all === true ? 'operator' : 'developer', options, options.all === true ? '/control/handshakes' : '/sandbox/handshakes', (body) => {
      const { data } = body as { readonly data: readonly HandshakeBody[] }
      return data.length === 0 ? ['No handshake failed lately.'] : data.flatMap(describeHandshake)
    }, terminal))
}

function shared (command: Command): Command {
  return withControlOptions(command).option('--json', 'print the answer as JSON')
}

async function show (as: 'developer' | 'operator', options: ControlOptions & Output, path: string, describe: (body: unknown) => readonly string[], terminal: Terminal): Promise<void> {
  await withAccess(as, options, terminal, async (access) => {
    const reply = await callControl(access, 'GET', path)
    if (reply.status >= 400 || options.json === true) reportReply(as, reply, terminal)
    else for (const line of describe(reply.body)) terminal.out(line)
  })
}

async function showToken (given: string, options: ControlOptions & Output, terminal: Terminal): Promise<void> {
  const name = nameToken(given)
  if (name === undefined) {
    terminal.err('That is neither a token nor the name of one: give a JWT, its jti, or the text of an opaque token.')
    terminal.exit(exitCodes.usage)
    return
  }
  await show('developer', options, `/sandbox/tokens/${encodeURIComponent(name)}`, (body) => describeToken(body as TokenBody), terminal)
}

async function listRequests (access: ControlAccess, options: ListOptions, terminal: Terminal): Promise<void> {
  const query = new URLSearchParams(Object.entries({ code: options.code, client_id: options.client, status: options.status, since: options.since, before: options.before, limit: options.limit }).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const reply = await callControl(access, 'GET', `/sandbox/requests?${query.toString()}`)
  if (reply.status >= 400) return reportReply('developer', reply, terminal)
  const { data } = reply.body as { readonly data: readonly RequestSummary[] }
  if (options.follow !== true) return options.json === true ? reportReply('developer', reply, terminal) : terminal.out(tabulate([HEAD, ...data.map(rowOf)]).join('\n'))
  await follow(access, query, data, options.json === true, terminal)
}

const HEAD = ['AT', 'STATUS', 'METHOD', 'PATH', 'CLIENT', 'CODE', 'ID']

/** Prints what is new, the oldest first, until the command is told to stop. A page that cannot be had is tried again. */
async function follow (access: ControlAccess, query: URLSearchParams, first: readonly RequestSummary[], isJson: boolean, terminal: Terminal): Promise<void> {
  const told = new Set<string>()
  const stop = new AbortController()
  terminal.onStopSignal(() => stop.abort())
  const tell = (data: readonly RequestSummary[]): void => {
    for (const request of data.toReversed().filter(({ id }) => !told.has(id))) {
      told.add(request.id)
      terminal.out(isJson ? JSON.stringify(request) : tabulate([rowOf(request)]).join('\n'))
    }
  }
  tell(first)
  query.set('limit', '100')
  query.delete('before')
  for (;;) {
    await sleep(FOLLOW_MS, undefined, { signal: stop.signal }).catch(() => {})
    if (stop.signal.aborted) return
    const { status, body } = await callControl(access, 'GET', `/sandbox/requests?${query.toString()}`)
    // Following is itself a request of the sandbox's, and is not shown.
    if (status === 200) tell((body as { readonly data: readonly RequestSummary[] }).data.filter(({ route, method }) => !(method === 'GET' && route === '/sandbox/requests')))
  }
}
