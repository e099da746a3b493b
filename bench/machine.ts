import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where a number comes from. */
export interface Machine {
  readonly cpu: string
  readonly cpuCount: number
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly openssl: string
  readonly programs: Readonly<Record<string, string>>
  readonly commit: string
  /** True: files of the product differ from the commit. */
  readonly isDirty: boolean
  readonly loadAtStart: number
}

/** Debian keeps servers where a user's path does not look. */
const ALSO = ['/usr/sbin', '/usr/local/sbin', '/sbin']

export function findProgram (name: string): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), ...ALSO]
  return places.map((place) => join(place, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export function describeMachine (programs: ReadonlyMap<string, string>): Machine {
  const git = (...args: string[]): string => run('git', args).trim()
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuCount: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    openssl: process.versions.openssl,
    programs: Object.fromEntries([...programs].map(([name, program]) => [name, run(program, ['-v']).trim().split('\n')[0] ?? ''])),
    commit: git('rev-parse', '--short', 'HEAD') || 'unknown',
    isDirty: git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench', ':!docs', ':!test') !== '',
    loadAtStart: loadavg()[0] ?? 0,
  }
}

/** What a program says, on either stream; nothing when it cannot be run. */
function run (program: string, args: readonly string[]): string {
  try {
    return execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', program, ...args], { encoding: 'utf8', timeout: 10_000 })
  } catch {
    return ''
  }
}
