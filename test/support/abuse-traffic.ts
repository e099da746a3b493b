import type { AbuseEngine, OutcomeFacts, RequestFacts, RuleDefinition } from '../../gateway/abuse/index.ts'
import { parseDurationMs, type Mode } from '../../kernel/index.ts'
import { atOnce, createFakeClock, createTestEngine, openTestStores } from './abuse-engine.ts'

/** A run of like requests; `{i}` in a text is the number of the repetition from 1, `{i%7}` its remainder. */
export interface Step { readonly repeat: number, readonly every: string, readonly facts: Record<string, unknown> }

/** What a rule did to a scenario. */
export interface Observed {
  readonly fires: number
  /** The request at which it fired first, counted from 1. */
  readonly at?: number
  /** Requests that a ban kept out. */
  readonly banned: number
  /** The signals' values at the first firing. */
  readonly signals?: Readonly<Record<string, number>>
}

/** Sends a scenario through an engine with one rule, as the gateway would: who is banned gets no further. */
export async function playTraffic (rule: RuleDefinition, steps: readonly Step[], modeOverride?: Mode): Promise<Observed> {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const { engine } = createTestEngine([rule], { clock, stores, ...(modeOverride === undefined ? {} : { modeOverride }) })
  let fires = 0
  let banned = 0
  let request = 0
  let first: Omit<Observed, 'fires' | 'banned'> = {}
  for (const facts of expandSteps(steps, clock.advance)) {
    request++
    const outcomes = judgeOnce(engine, facts)
    if (outcomes === 'banned') banned++
    else if (outcomes.length > 0 && ++fires === 1) first = { at: request, signals: outcomes[0]?.signals ?? {} }
  }
  engine.close()
  await stores.close()
  return { fires, banned, ...first }
}

function judgeOnce (engine: AbuseEngine, facts: RequestFacts & OutcomeFacts) {
  const ban = engine.bans.find(facts)
  if (ban === undefined) return [...atOnce(engine.judgeRequest(facts)), ...atOnce(engine.judgeOutcome(facts))]
  atOnce(engine.judgeOutcome({ ...facts, status: 403, code: `${ban.scope}_banned` }))
  return 'banned'
}

function * expandSteps (steps: readonly Step[], advance: (ms: number) => void): Generator<RequestFacts & OutcomeFacts> {
  for (const { repeat, every, facts } of steps) {
    const everyMs = parseDurationMs(every)
    if (everyMs === undefined) throw new Error(`no duration: ${every}`)
    for (let i = 1; i <= repeat; i++) {
      yield { cardFingerprints: [], ...fillIn(facts, i) as object } as unknown as RequestFacts & OutcomeFacts
      advance(everyMs)
    }
  }
}

function fillIn (value: unknown, i: number): unknown {
  if (typeof value === 'string') return value.replace(/\{i(?:%(\d+))?\}/g, (_, modulus?: string) => String(modulus === undefined ? i : i % Number(modulus)))
  if (Array.isArray(value)) return value.map((item) => fillIn(item, i))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fillIn(member, i)]))
}
