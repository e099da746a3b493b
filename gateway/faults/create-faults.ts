import { randomId, type Clock, type Json, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, Notices } from '../../stores/index.ts'
import { createFaultMemory } from './fault-memory.ts'
import { isStruckBy, type Fault, type FaultKind, type FaultOrder, type FaultTarget } from './fault.ts'

/** Failures on demand, by sandbox. Looking is synchronous and costs nothing where no fault is in force. */
export interface Faults {
  /** @returns undefined when the sandbox has its maximum of faults */
  readonly add: (sandboxId: SandboxId, order: FaultOrder, address: string) => Promise<Fault | undefined>
  /** In force, oldest first, with how often each may still strike. */
  readonly list: (sandboxId: SandboxId) => Promise<ReadonlyArray<Fault & { readonly remaining: number }>>
  /** False when there was none. */
  readonly end: (sandboxId: SandboxId, id: string) => Promise<boolean>
  readonly isEmpty: () => boolean
  /** The faults that may strike such a request; each still has to be taken. */
  readonly find: (sandboxId: SandboxId, target: FaultTarget) => readonly Fault[]
  /** Those of whoever asks from this address: for requests that carry no credential. */
  readonly findByAddress: (address: string, target: FaultTarget) => readonly Fault[]
  /** True while a fault of this kind is in force. */
  readonly isInForce: (sandboxId: SandboxId, kind: FaultKind) => boolean
  /** Uses the fault once; false when it has struck as often as it was asked to, on any instance. */
  readonly take: (fault: Fault) => Promise<boolean>
  /** Reads all of them again; at start, and now and then where several instances share a store. */
  readonly refresh: () => Promise<void>
  readonly close: () => void
}

const SPACE = 'fault'
const TOPIC = 'fault-changed'
const FAULTS_MAX = 50
const PAGE = 1000

/** Faults over the store, mirrored in memory on every instance. */
export function createFaults ({ keyValue, notices, clock }: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): Faults {
  const { all, remember, forget, inForce, replace, used } = createFaultMemory(clock)

  async function end (sandboxId: string, id: string): Promise<boolean> {
    const existed = await keyValue.take(SPACE, `${sandboxId}:${id}`) !== undefined
    forget(sandboxId, id)
    await notices.publish(TOPIC, { sandboxId, id })
    return existed
  }

  async function take (fault: Fault): Promise<boolean> {
    const ttlMs = Math.max(1, fault.endsAtMs - clock.nowMs())
    for (let number = (used.get(fault.id) ?? 0) + 1; number <= fault.times; number++) {
      const isMine = await keyValue.putIfAbsent('fault-use', `${fault.id}:${number}`, true, { ttlMs })
      used.set(fault.id, number)
      if (!isMine) continue
      if (number === fault.times) await end(fault.sandboxId, fault.id)
      return true
    }
    forget(fault.sandboxId, fault.id)
    return false
  }

  async function refresh (): Promise<void> {
    replace(await readFaults(keyValue))
  }

  const unsubscribe = notices.subscribe(TOPIC, ({ sandboxId, id, fault }) => {
    if (fault !== undefined) remember(fault as unknown as Fault)
    else if (typeof sandboxId === 'string' && typeof id === 'string') forget(sandboxId, id)
  })

  return {
    end,
    take,
    refresh,
    close: unsubscribe,
    isEmpty: () => all.size === 0,
    isInForce: (sandboxId, kind) => all.size > 0 && inForce(sandboxId).some((fault) => fault.kind === kind),
    find: (sandboxId, target) => inForce(sandboxId).filter((fault) => isStruckBy(target, fault)),
    findByAddress: (address, target) => [...all.keys()].flatMap(inForce).filter((fault) => fault.address === address && isStruckBy(target, fault)),
    list: async (sandboxId) => inForce(sandboxId).map((fault) => ({ ...fault, remaining: fault.times - (used.get(fault.id) ?? 0) })),
    async add (sandboxId, order, address) {
      if (inForce(sandboxId).length >= FAULTS_MAX) return undefined
      const nowMs = clock.nowMs()
      const fault: Fault = { ...order, id: randomId('flt'), sandboxId, createdAtMs: nowMs, endsAtMs: nowMs + order.forMs, address }
      await keyValue.put(SPACE, `${sandboxId}:${fault.id}`, fault as unknown as Json, { ttlMs: order.forMs })
      remember(fault)
      await notices.publish(TOPIC, { fault: fault as unknown as Json })
      return fault
    },
  }
}

async function readFaults (keyValue: KeyValue): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  for (let after: string | undefined; ;) {
    const page = await keyValue.list(SPACE, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    faults.push(...page.map(({ value }) => value as unknown as Fault))
    if (page.length < PAGE) return faults
    after = page.at(-1)?.key
  }
}
