import type { Command } from 'commander'
import type { ConfigProblem } from '../../config/index.ts'
import { exitCodes, type Terminal } from '../terminal.ts'

/** `sandgate start`: runs an installation until it is told to stop. */
export function addStartCommand (program: Command, terminal: Terminal): void {
  program.command('start')
    .description('start both doors, the ops listener and the sandbox')
    .action(async () => {
      const { config } = program.opts<{ config?: string }>()
      // Loaded here, because the commands that only call a running installation need none of it.
      const { startGateway } = await import('../../gateway/index.ts')
      try {
        const gateway = await startGateway({ environment: terminal.environment, ...(config === undefined ? {} : { file: config }) })
        if (gateway.warnings.length > 0) terminal.err(announceDefaults(gateway.warnings))
        terminal.err(gateway.quickstart)
        terminal.onReloadSignal(() => { void gateway.reload() })
        terminal.onStopSignal(() => {
          terminal.err('  Finishing requests in flight…')
          void gateway.stop().then(() => terminal.err('  Stopped.'))
        })
      } catch (error) {
        await reportStartFailure(error, terminal)
      }
    })
}

/** The development defaults in use, in short: `config check` says what each means. */
function announceDefaults (warnings: readonly ConfigProblem[]): string {
  const paths = warnings.map(({ path }) => path)
  const webhooks = paths.includes('webhooks.allowed_networks') ? ['  Webhooks may be sent to this machine (webhooks.allowed_networks): fine for development, refused in production.'] : []
  return ['', `  Development defaults in use: ${paths.join(', ')}.`, '  production: true refuses them; `npm run sandgate -- config check` says what each means.', ...webhooks].join('\n')
}

/** Says why an installation cannot start, with a way out for what people run into. */
export async function reportStartFailure (error: unknown, terminal: Terminal): Promise<void> {
  const { ConfigurationRefused } = await import('../../gateway/index.ts')
  const { formatProblems } = await import('../../config/index.ts')
  if (error instanceof ConfigurationRefused) {
    terminal.err(formatProblems(error.problems))
    terminal.exit(exitCodes.configInvalid)
    return
  }
  const { code, name, message, port } = error as NodeJS.ErrnoException & { readonly port?: number }
  if (code === 'EADDRINUSE') terminal.err(`Port ${port ?? ''} is taken. Another Sandgate may be running; otherwise set another port, for instance SANDGATE__LISTEN__PUBLIC__PORT=8444.`)
  else if (code === 'EACCES') terminal.err(`No permission: ${message}. Ports below 1024 need privileges; var_directory must be writable.`)
  else if (name === 'StoreUnavailable' || name === 'SeedsRefused' || name === 'RevocationListRefused') terminal.err(`Sandgate cannot start: ${message}`)
  else terminal.err(`Sandgate cannot start: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
  terminal.exit(exitCodes.failure)
  process.exit(exitCodes.failure)
}
