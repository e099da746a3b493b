import type { Command } from 'commander'
import { callControl, explainFailure, findAccess, type ControlAccess, type ControlReply } from './control-client.ts'
import { exitCodes, type Terminal } from './terminal.ts'

/** Where the control API is, as every command that talks to it may be told. */
export interface ControlOptions { readonly url?: string, readonly ca?: string, readonly directory: string }

/** One call of the control API. */
export type ControlCall = readonly [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object]

/** Adds a command of one call; `Extra` are the options that the caller adds to the command returned. */
export type AddControlCommand<Extra> = (parent: Command, name: string, description: string, as: 'developer' | 'operator', call: (args: readonly string[], options: ControlOptions & Extra) => ControlCall) => Command

/** Makes commands that call the control API once and print its answer as JSON. */
export function controlCommandsOf<Extra extends object = object> (terminal: Terminal): AddControlCommand<Extra> {
  return (parent, name, description, as, call) =>
    withControlOptions(parent.command(name).description(description))
      .action(async (...received: unknown[]) => {
        const options = received.at(-2) as ControlOptions & Extra
        const [method, path, body] = call(received.slice(0, -2) as string[], options)
        await withAccess(as, options, terminal, async (access) => reportReply(as, await callControl(access, method, path, body), terminal))
      })
}

/** Lets a command be told where the control API is and what opens it. */
export function withControlOptions (command: Command): Command {
  return command
    .option('--url <origin>', 'public door (SANDGATE_URL; default: that of the quickstart files)')
    .option('--ca <file>', 'CA certificate in PEM (SANDGATE_CA)')
    .option('--directory <path>', 'quickstart files with the key to use unless SANDGATE_KEY is set', 'var/quickstart')
}

/** Runs what needs the control API, or says why it cannot be reached. `public`: what is asked for needs no key. */
export async function withAccess (as: 'developer' | 'operator', options: ControlOptions, terminal: Terminal, call: (access: ControlAccess) => Promise<void>, needs: 'key' | 'public' = 'key'): Promise<void> {
  const access = findAccess(as, options, terminal)
  if (access.key === undefined && needs === 'key') {
    terminal.err(`No key: set SANDGATE_KEY to ${as === 'operator' ? 'the operator\'s token' : 'the sandbox key'}, or run this where ${options.directory} has the quickstart files.`)
    terminal.exit(exitCodes.usage)
    return
  }
  try {
    await call(access)
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
