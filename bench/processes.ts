import { spawn, type ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

export interface Running { readonly pid: number, readonly child: ChildProcess }

/** Starts what serves, on the CPU for servers, and ends all of it. */
export interface Machinery {
  readonly freePort: () => Promise<number>
  /** A program of the bench; resolves when it says the first thing, which is that it is ready. */
  readonly startNode: (options: { readonly file: string, readonly args: readonly string[], readonly nodeArgs?: readonly string[], readonly cpu?: number }) => Promise<Running>
  /** Any other program; resolves when its port answers. It ends by itself after `lifetimeS`. */
  readonly startProgram: (options: { readonly program: string, readonly args: readonly string[], readonly port: number }) => Promise<Running>
  readonly stopAll: () => Promise<void>
}

const READY_MS = 60_000
const GRACE_MS = 3000
const SERVER_CPU = 0

interface MachineryDeps {
  readonly directory: string
  /** Pins to a CPU; where it is missing, nothing is pinned. */
  readonly taskset: string | undefined
  /** Ends what is not ours with the bench, even when that is killed; where it is missing, its lifetime does. */
  readonly setpriv: string | undefined
  readonly lifetimeS: number
}

export function createMachinery ({ directory, taskset, setpriv, lifetimeS }: MachineryDeps): Machinery {
  const running: Running[] = []
  const log = openSync(join(directory, 'servers.log'), 'a')
  const launch = (program: string, args: readonly string[], { cpu = SERVER_CPU, ipc = false }: { readonly cpu?: number | undefined, readonly ipc?: boolean }): Running => {
    const tied = setpriv === undefined || ipc ? [] : [setpriv, '--pdeathsig', 'TERM']
    const pinned = taskset === undefined ? [] : [taskset, '-c', String(cpu)]
    const [first = program, ...rest] = [...tied, ...pinned, program, ...args]
    const child = spawn(first, rest, { stdio: ['ignore', log, log, ...(ipc ? ['ipc' as const] : [])], detached: true })
    const started = { pid: child.pid ?? 0, child }
    running.push(started)
    return started
  }
  return {
    freePort,
    startNode: async ({ file, args, nodeArgs = [], cpu }) => {
      const started = launch(process.execPath, [...nodeArgs, fileURLToPath(new URL(file, import.meta.url)), ...args], { cpu, ipc: true })
      await within(READY_MS, `${file} ${args[0] ?? ''} did not start; see ${directory}/servers.log`, new Promise<void>((resolve, reject) => {
        started.child.once('message', () => resolve())
        started.child.once('error', reject)
        started.child.once('exit', (code) => reject(new Error(`${file} ${args[0] ?? ''} ended with ${code}; see ${directory}/servers.log`)))
      }))
      return started
    },
    startProgram: async ({ program, args, port }) => {
      const started = launch('timeout', [String(lifetimeS), program, ...args], {})
      await within(READY_MS, `${program} did not start; see ${directory}/servers.log`, untilOpen(port, started.child))
      return started
    },
    stopAll: async () => {
      await Promise.all(running.splice(0).map(stop))
    },
  }
}

async function stop ({ child, pid }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || pid === 0) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  if (child.connected) child.disconnect()
  signalGroup(pid, 'SIGTERM')
  const impatience = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS)
  await ended
  clearTimeout(impatience)
}

/** Every process here leads a group of its own, so that workers end with it. */
function signalGroup (pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It ended by itself.
  }
}

async function untilOpen (port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`a server ended with ${child.exitCode} before it listened`)
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return
    await pause(50)
  }
}

/** A port that was free a moment ago. */
async function freePort (): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })
}

export async function within<T> (ms: number, complaint: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), ms)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

export async function pause (ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
