import type { Clock } from '../../kernel/index.ts'
import type { Fault } from './fault.ts'

/** The faults that this instance knows, by sandbox; all of it is synchronous. */
export interface FaultMemory {
  readonly all: ReadonlyMap<string, readonly Fault[]>
  readonly remember: (fault: Fault) => void
  readonly forget: (sandboxId: string, id: string) => void
  /** Oldest first. */
  readonly inForce: (sandboxId: string) => readonly Fault[]
  readonly replace: (faults: readonly Fault[]) => void
  /** How often each is known to have struck. */
  readonly used: Map<string, number>
}

/** An empty memory. */
export function createFaultMemory (clock: Clock): FaultMemory {
  const bySandbox = new Map<string, Fault[]>()
  const used = new Map<string, number>()

  function remember (fault: Fault): void {
    const others = (bySandbox.get(fault.sandboxId) ?? []).filter(({ id }) => id !== fault.id)
    bySandbox.set(fault.sandboxId, [...others, fault].sort((a, b) => a.createdAtMs - b.createdAtMs))
  }

  function forget (sandboxId: string, id: string): void {
    const left = (bySandbox.get(sandboxId) ?? []).filter((fault) => fault.id !== id)
    used.delete(id)
    if (left.length === 0) bySandbox.delete(sandboxId)
    else bySandbox.set(sandboxId, left)
  }

  function inForce (sandboxId: string): readonly Fault[] {
    const known = bySandbox.get(sandboxId)
    if (known === undefined) return []
    const nowMs = clock.nowMs()
    for (const fault of known) if (fault.endsAtMs <= nowMs) forget(sandboxId, fault.id)
    return bySandbox.get(sandboxId) ?? []
  }

  return {
    all: bySandbox,
    remember,
    forget,
    inForce,
    used,
    replace (faults) {
      bySandbox.clear()
      faults.forEach(remember)
    },
  }
}
