import { readFileSync } from 'node:fs'

/** Exit codes, as in docs/cli.md. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, configInvalid: 3, authFailed: 4, notFound: 5, unreachable: 7 } as const

/** The terminal as commands see it: data goes to `out`, talk to `err`. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly exit: (code: number) => void
  readonly onStopSignal: (listener: () => void) => void
  /** The contents of a file, undefined when it cannot be read. */
  readonly readText: (file: string) => string | undefined
}

/** The terminal of a process. */
export function createTerminal (owner: NodeJS.Process): Terminal {
  owner.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has seen enough, as in `sandgate config show | head`.
    if (error.code !== 'EPIPE') throw error
  })
  return {
    out: (text) => { owner.stdout.write(`${text}\n`) },
    err: (text) => { owner.stderr.write(`${text}\n`) },
    environment: owner.env,
    exit: (code) => { owner.exitCode = code },
    onStopSignal: (listener) => {
      owner.once('SIGINT', listener)
      owner.once('SIGTERM', listener)
    },
    readText: (file) => {
      try {
        return readFileSync(file, 'utf8')
      } catch {
        return undefined
      }
    },
  }
}
