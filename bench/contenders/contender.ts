import type { Materials } from '../protocol.ts'
import type { Machinery, Running } from '../processes.ts'

/** One way to put a door in front of a sandbox. */
export interface Contender {
  readonly name: string
  /** What it checks, as its configuration here does; printed and written down with the numbers. */
  readonly enforces: string
  /** True: it applies no policy and cannot; its number says what a door costs without one. */
  readonly isFloor: boolean
  /** Programs that must be on the machine. */
  readonly needs: readonly string[]
  /** By how much ours must be ahead in CPU per request (GET) to keep what the design promises. */
  readonly gate?: number
  readonly start: (surroundings: Surroundings) => Promise<Door>
}

export interface Surroundings {
  readonly machinery: Machinery
  readonly materials: Materials
  readonly materialsFile: string
  /** The peers' sandbox, already running. */
  readonly core: Running & { readonly port: number }
  readonly programs: ReadonlyMap<string, string>
}

/** A door that listens, and every process that works for it. */
export interface Door {
  readonly port: number
  readonly processes: ReadonlyArray<{ readonly name: string, readonly pid: number }>
}
