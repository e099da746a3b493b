import { readFileSync, writeFileSync } from 'node:fs'

/** Exit codes, as in docs/cli.md. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, configInvalid: 3, authFailed: 4, notFound: 5, belowThreshold: 6, unreachable: 7 } as const

/** The terminal as commands see it: data goes to `out`, talk to `err`. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly exit: (code: number) => void
  readonly onStopSignal: (listener: () => void) => void
  /** SIGHUP: read files again. */
  readonly onReloadSignal: (listener: () => void) => void
  /** The contents of a file, undefined when it cannot be read. */
  readonly readText: (file: string) => string | undefined
  /** All of standard input, for what is piped in. */
  readonly readInput: () => string
  /** Writes a file that its owner alone can read and that was not there; says why when it cannot. */
  readonly writePrivate: (file: string, data: string | Uint8Array) => string | undefined
  /** Asks a person without showing what is typed; undefined when nobody is there to ask. */
  readonly askSecret: (question: string) => Promise<string | undefined>
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
    onReloadSignal: (listener) => { owner.on('SIGHUP', listener) },
    readText: (file) => {
      try {
        return readFileSync(file, 'utf8')
      } catch {
        return undefined
      }
    },
    readInput: () => {
      try {
        return readFileSync(owner.stdin.fd, 'utf8')
      } catch {
        return ''
      }
    },
    writePrivate: (file, data) => {
      try {
        writeFileSync(file, data, { mode: 0o600, flag: 'wx' })
        return undefined
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EEXIST' ? `${file} is there already` : (error as Error).message
      }
    },
    askSecret: async (question) => owner.stdin.isTTY ? await readHidden(owner, question) : undefined,
  }
}

/** Reads a line in raw mode, where the terminal echoes nothing; Ctrl-C and Ctrl-D give up. */
async function readHidden ({ stdin, stderr }: NodeJS.Process, question: string): Promise<string | undefined> {
  stderr.write(question)
  stdin.setRawMode(true)
  let typed = ''
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return typed
        if (character === '\u0003' || character === '\u0004') return undefined
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
    }
    return undefined
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}
