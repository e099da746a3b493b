import type { Clock, SandboxId } from '../../kernel/index.ts'
import { addTally, type LineEvent, type Tally } from './token-line.ts'

/** What has happened to one token and is not written yet. */
export interface TokenChange {
  readonly sandboxId: SandboxId
  readonly name: string
  readonly events: LineEvent[]
  used: { firstMs: number, lastMs: number, count: number } | undefined
  readonly refused: Map<string, Tally>
}

export interface FamilyChange { readonly sandboxId: SandboxId, readonly family: string, readonly event: LineEvent }

/** Collects in memory what happens to tokens, so that a call with a token costs an addition. */
export interface TokenChanges {
  readonly addUse: (sandboxId: SandboxId, name: string) => void
  readonly addRefusal: (sandboxId: SandboxId, name: string, code: string, requestId?: string) => void
  readonly addEvent: (sandboxId: SandboxId, name: string, event: LineEvent) => void
  readonly addFamilyEvent: (change: FamilyChange) => void
  /** Everything so far, which is forgotten here. */
  readonly take: () => { readonly tokens: readonly TokenChange[], readonly families: readonly FamilyChange[] }
}

/** Tokens with something unwritten; beyond it, what happens to another token is not noted. */
const PENDING_MAX = 20_000

export function createTokenChanges ({ clock }: { readonly clock: Clock }): TokenChanges {
  let tokens = new Map<string, TokenChange>()
  let families: FamilyChange[] = []

  function changeOf (sandboxId: SandboxId, name: string): TokenChange | undefined {
    const known = tokens.get(name)
    if (known !== undefined) return known.sandboxId === sandboxId ? known : undefined
    if (tokens.size >= PENDING_MAX) return undefined
    const fresh: TokenChange = { sandboxId, name, events: [], used: undefined, refused: new Map() }
    tokens.set(name, fresh)
    return fresh
  }

  return {
    addUse (sandboxId, name) {
      const change = changeOf(sandboxId, name)
      if (change === undefined) return
      const nowMs = clock.nowMs()
      if (change.used === undefined) {
        change.used = { firstMs: nowMs, lastMs: nowMs, count: 1 }
        return
      }
      change.used.lastMs = nowMs
      change.used.count++
    },
    addRefusal (sandboxId, name, code, requestId) {
      const nowMs = clock.nowMs()
      const change = changeOf(sandboxId, name)
      change?.refused.set(code, addTally(change.refused.get(code), { firstMs: nowMs, lastMs: nowMs, count: 1, ...(requestId === undefined ? {} : { requestId }) }))
    },
    addEvent: (sandboxId, name, event) => { changeOf(sandboxId, name)?.events.push(event) },
    addFamilyEvent: (change) => { if (families.length < PENDING_MAX) families.push(change) },
    take () {
      const taken = { tokens: [...tokens.values()], families }
      tokens = new Map()
      families = []
      return taken
    },
  }
}
