import { loadConfig, type Config, type ConfigProblem } from '../config/index.ts'
import { compose, type Composition, type CompositionOverrides } from './compose.ts'
import { loadDefinitions } from './load-definitions.ts'
import { openFirstSandbox } from './first-sandbox.ts'
import { formatQuickstart } from './quickstart.ts'

/** A running installation. */
export interface Gateway {
  readonly composition: Composition
  /** What to show a person who starts it. */
  readonly quickstart: string
  readonly warnings: readonly ConfigProblem[]
  /** Reads the server certificate and the clients' revocation lists again, now. */
  readonly reload: () => Promise<void>
  /** Finishes requests in flight within the grace time, then webhooks, then the stores. */
  readonly stop: () => Promise<void>
}

/** What is wrong with a configuration. Thrown before anything listens. */
export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused'
  readonly problems: readonly ConfigProblem[]

  constructor (problems: readonly ConfigProblem[]) {
    super(`the configuration has ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`)
    this.problems = problems
  }
}

/** Where a configuration comes from. */
export type ConfigSource = Parameters<typeof loadConfig>[0]

/** Reads and compiles a configuration with everything it points at; nothing is started. */
export function checkConfiguration (source: ConfigSource): { readonly config: Config, readonly definitions: Parameters<typeof compose>[1], readonly warnings: readonly ConfigProblem[] } {
  const loaded = loadConfig(source)
  if (loaded.kind === 'refused') throw new ConfigurationRefused(loaded.problems)
  const compiled = loadDefinitions(loaded.config, loaded.file)
  if (compiled.kind === 'refused') throw new ConfigurationRefused(compiled.problems)
  return { config: loaded.config, definitions: compiled.definitions, warnings: loaded.warnings }
}

/**
 * Starts an installation: both doors, the ops listener and the webhook dispatcher; on the first start also the first sandbox.
 *
 * @throws ConfigurationRefused before anything listens; the error of a port that is taken, with nothing left running
 */
export async function startGateway (source: ConfigSource, overrides: CompositionOverrides = {}): Promise<Gateway> {
  const { config, definitions, warnings } = checkConfiguration(source)
  const composition = await compose(config, definitions, overrides)
  try {
    const first = await openFirstSandbox(config, composition)
    await composition.abuse.ready()
    await listen(config, composition)
    composition.webhooks.start()
    const { isFirstStart, operatorToken, rememberStart } = composition.material
    rememberStart()
    return {
      composition,
      warnings,
      quickstart: formatQuickstart({ config, first, origins: composition.origins, operatorToken: isFirstStart ? operatorToken : undefined }),
      reload: composition.reloadFiles,
      stop: async () => await stop(config, composition),
    }
  } catch (fault) {
    // What did start is stopped again; why it failed is what the caller must hear.
    await stop(config, composition).catch(() => {})
    throw fault
  }
}

const IDLE_SWEEP_MS = 50

async function listen ({ listen: doors }: Config, { app, opsApp, doors: { mtlsServer } }: Composition): Promise<void> {
  await app.listen({ host: doors.public.host, port: doors.public.port })
  await new Promise<void>((resolve, reject) => {
    mtlsServer.once('error', reject)
    mtlsServer.listen(doors.mtls.port, doors.mtls.host, resolve)
  })
  await opsApp.listen({ host: doors.ops.host, port: doors.ops.port })
}

async function stop ({ listen: { shutdownGraceMs } }: Config, composition: Composition): Promise<void> {
  const { app, opsApp, doors, webhooks, stores, authority, abuse, lines, logger, drain, endRefresh } = composition
  drain()
  const mtlsClosed = new Promise<void>((resolve) => doors.mtlsServer.close(() => resolve()))
  // A connection that was busy at first is closed when its answer is out.
  const sweep = setInterval(() => {
    doors.mtlsServer.closeIdleConnections()
    doors.publicServer.closeIdleConnections()
  }, IDLE_SWEEP_MS)
  const impatience = setTimeout(() => {
    doors.mtlsServer.closeAllConnections()
    doors.publicServer.closeAllConnections()
  }, shutdownGraceMs)
  await Promise.all([app.close(), mtlsClosed])
  clearTimeout(impatience)
  clearInterval(sweep)
  endRefresh()
  await lines.close()
  await webhooks.stop({ graceMs: shutdownGraceMs })
  await opsApp.close()
  abuse.close()
  authority.close()
  await stores.close()
  logger.flush()
}
