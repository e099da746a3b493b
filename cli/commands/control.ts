import type { Command } from 'commander'
import { callControl, explainFailure, findAccess, type ControlReply } from '../control-client.ts'
import { exitCodes, type Terminal } from '../terminal.ts'

type Options = { url?: string, ca?: string, directory: string }
type Call = readonly [method: 'GET' | 'POST' | 'DELETE', path: string, body?: object]

/** Commands that talk to a running installation through its control API. Answers are printed as JSON. */
export function addControlCommands (program: Command, terminal: Terminal): void {
  const add = (parent: Command, name: string, description: string, as: 'developer' | 'operator', call: (args: readonly string[], options: Options & { account?: string, name?: string, events?: string }) => Call): Command =>
    parent.command(name)
      .description(description)
      .option('--url <origin>', 'public door (SANDGATE_URL; default: that of the quickstart files)')
      .option('--ca <file>', 'CA certificate in PEM (SANDGATE_CA)')
      .option('--directory <path>', 'quickstart files with the key to use unless SANDGATE_KEY is set', 'var/quickstart')
      .action(async (...received: unknown[]) => {
        const options = received.at(-2) as Options
        const args = received.slice(0, -2) as string[]
        await run(as, options, call(args, options), terminal)
      })
  const sandbox = program.command('sandbox').description('your sandbox')
  add(sandbox, 'show', 'the sandbox that the key belongs to', 'developer', () => ['GET', '/sandbox'])
  add(sandbox, 'reset', 'put the world back to its baseline', 'developer', () => ['POST', '/sandbox/reset'])
  add(sandbox, 'advance <duration>', 'move the clock forward, for instance 60m', 'developer', ([by]) => ['POST', '/sandbox/clock/advance', { by }])
  add(sandbox, 'triggers', 'every magic input and what it causes', 'developer', () => ['GET', '/sandbox/triggers'])
  add(sandbox, 'create', 'make another sandbox (operator)', 'operator', (_args, { account, name }) => ['POST', '/control/sandboxes', { ...(account === undefined ? {} : { account }), ...(name === undefined ? {} : { name }) }])
    .option('--account <id>', 'the account that will own it')
    .option('--name <name>', 'its name')
  add(sandbox, 'list', 'all sandboxes (operator)', 'operator', () => ['GET', '/control/sandboxes'])
  add(program, 'requests', 'requests of this sandbox, newest first', 'developer', () => ['GET', '/sandbox/requests'])
  add(program, 'explain <request-id>', 'why a request was refused, and the fix', 'developer', ([id = '']) => ['GET', `/sandbox/requests/${encodeURIComponent(id)}`])
  const webhooks = program.command('webhooks').description('webhook endpoints and deliveries')
  add(webhooks, 'add <url>', 'register an endpoint', 'developer', ([url]) => ['POST', '/sandbox/webhooks/endpoints', { url }])
  add(webhooks, 'list', 'registered endpoints', 'developer', () => ['GET', '/sandbox/webhooks/endpoints'])
  add(webhooks, 'deliveries', 'deliveries, newest first', 'developer', () => ['GET', '/sandbox/webhooks/deliveries'])
  add(webhooks, 'replay <delivery-id>', 'deliver a message again', 'developer', ([id = '']) => ['POST', `/sandbox/webhooks/deliveries/${encodeURIComponent(id)}/replay`])
  add(program, 'bans', 'bans in force (operator)', 'operator', () => ['GET', '/control/bans'])
  add(program, 'unban <ban-id>', 'lift a ban (operator)', 'operator', ([id = '']) => ['DELETE', `/control/bans/${encodeURIComponent(id)}`])
  add(program, 'rules', 'abuse rules and their modes (operator)', 'operator', () => ['GET', '/control/rules'])
}

async function run (as: 'developer' | 'operator', options: Options, [method, path, body]: Call, terminal: Terminal): Promise<void> {
  const access = findAccess(as, options, terminal)
  if (access.key === undefined) {
    terminal.err(`No key: set SANDGATE_KEY to ${as === 'operator' ? 'the operator\'s token' : 'the sandbox key'}, or run this where ${options.directory} has the quickstart files.`)
    terminal.exit(exitCodes.usage)
    return
  }
  try {
    reportReply(as, await callControl(access, method, path, body), terminal)
  } catch (error) {
    terminal.err(explainFailure(error, access))
    terminal.exit(exitCodes.unreachable)
  }
}

/** Prints the answer of the control API as JSON, or says why it refused and what the exit code makes of it. */
export function reportReply (as: 'developer' | 'operator', { status, body }: ControlReply, terminal: Terminal): void {
  if (status < 400) {
    if (body !== undefined) terminal.out(JSON.stringify(body, null, 2))
    return
  }
  const { title = 'The request was refused', detail = '', code = '' } = (body ?? {}) as { title?: string, detail?: string, code?: string }
  terminal.err(`${title}${detail === '' || detail === `${title}.` ? '' : `: ${detail}`} (${code}, HTTP ${status})`)
  if (status === 401 || status === 403) terminal.err(`This command takes ${as === 'operator' ? 'the operator\'s token' : 'a sandbox key'}: see SANDGATE_KEY and --directory.`)
  terminal.exit(status === 401 || status === 403 ? exitCodes.authFailed : status === 404 ? exitCodes.notFound : exitCodes.failure)
}
