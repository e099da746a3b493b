import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts CPU time for us in hundredths of a second (USER_HZ), on every Linux that Node runs on. */
const TICK_US = 10_000

/** CPU time so far, user and system, of a process and everything below it, in µs. From /proc/PID/stat, proc(5). */
export function readCpuOfTree (root: number): number {
  const parents = new Map<number, { readonly parent: number, readonly ticks: number }>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(name)
    if (stat !== undefined) parents.set(Number(name), stat)
  }
  const belongs = (pid: number): boolean => pid === root || (parents.has(pid) && belongs(parents.get(pid)!.parent))
  let ticks = 0
  for (const [pid, stat] of parents) if (belongs(pid)) ticks += stat.ticks
  return ticks * TICK_US
}

function readStat (pid: string): { readonly parent: number, readonly ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}

/** Busy and stolen time of one CPU so far, in µs: who else was there, from /proc/stat. */
export function readCpu (cpu: number): { readonly busyUs: number, readonly stolenUs: number } {
  const line = readFileSync('/proc/stat', 'latin1').split('\n').find((text) => text.startsWith(`cpu${cpu} `)) ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number)
  return { busyUs: (user + nice + system + irq + softirq) * TICK_US, stolenUs: steal * TICK_US }
}
