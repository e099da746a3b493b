import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

/** What a run of the command left behind. */
export interface CliRun { readonly code: number | null, readonly signal: NodeJS.Signals | null, readonly out: string, readonly err: string }

export interface RunningCli {
  readonly child: ChildProcess
  /** Resolves when the text is in what was said so far; rejects when the process ends before. */
  readonly said: (text: string) => Promise<void>
  readonly ended: Promise<CliRun>
}

/** Starts `sandgate` as a process of its own, with these variables and no others of ours. */
export function startCli (args: readonly string[], options: { readonly environment?: Record<string, string>, readonly cwd?: string } = {}): RunningCli {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SANDGATE')))
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...inherited, ...options.environment }, ...(options.cwd === undefined ? {} : { cwd: options.cwd }), stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
  const ended = once(child, 'close').then(([code, signal]: Array<number | NodeJS.Signals | null>) => ({ code, signal, out, err }) as CliRun)
  return {
    child,
    ended,
    said: async (text) => {
      const isSaid = new Promise<void>((resolve) => {
        const look = (): void => { if (`${out}${err}`.includes(text)) resolve() }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        look()
      })
      await Promise.race([isSaid, ended.then((run) => { throw new Error(`it ended with ${String(run.code)}: ${run.out}${run.err}`) })])
    },
  }
}

/** Runs `sandgate` to its end. */
export async function runCli (args: readonly string[], options: Parameters<typeof startCli>[1] = {}): Promise<CliRun> {
  return await startCli(args, options).ended
}
