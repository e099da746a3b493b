import { readFileSync, readdirSync } from 'node:fs'
import { parse } from 'yaml'
import { compileRules, createAbuseEngine, type AbuseEngine, type OutcomeFacts, type RequestFacts, type RuleDefinition } from '../../gateway/abuse/index.ts'
import { Secret, type Mode } from '../../kernel/index.ts'
import { openEmbeddedStores, type MaybePromise, type Stores } from '../../stores/index.ts'

/** A clock that a test moves. */
export interface FakeClock { nowMs: () => number, advance: (ms: number) => void }

export function createFakeClock (startMs = Date.UTC(2026, 10, 24, 12)): FakeClock {
  let now = startMs
  return { nowMs: () => now, advance: (ms) => { now += ms } }
}

/** The embedded stores in memory; close them. */
export function openTestStores (clock: FakeClock): Stores {
  return openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 60_000, maxPerStream: 100 } })
}

/** A rule that fires on every request to the API that fails with 404, three times in a minute; what is given takes its place. */
export function writeRule (change: Partial<RuleDefinition> = {}): RuleDefinition {
  return {
    id: 'misses',
    description: 'Three misses in a minute.',
    threat: 'OAT-018',
    mode: 'enforce',
    phase: 'outcome',
    signals: { misses: { kind: 'count', where: 'outcome.status == 404', by: ['request.client'], window: '1m' } },
    when: 'signals.misses >= 3',
    action: { kind: 'ban', scope: 'client', for: '5m' },
    message: 'Too many misses.',
    ...change
  }
}

/** An engine over embedded stores in memory, or over those given. Throws when a rule has a problem. */
export function createTestEngine (rules: readonly RuleDefinition[], options: { readonly clock?: FakeClock, readonly stores?: Pick<Stores, 'window' | 'keyValue' | 'notices'>, readonly modeOverride?: Mode } = {}): { readonly engine: AbuseEngine, readonly clock: FakeClock } {
  const clock = options.clock ?? createFakeClock()
  const compiled = compileRules(rules.map((value) => ({ file: `${value.id}.yaml`, value })))
  if (compiled.problems.length > 0) throw new Error(JSON.stringify(compiled.problems, null, 2))
  const { window, keyValue, notices } = options.stores ?? openTestStores(clock)
  return { clock, engine: createAbuseEngine({ rules: compiled.rules, window, keyValue, notices, clock, key: new Secret('a test key of thirty-two bytes ..'), modeOverride: options.modeOverride }) }
}

/** Facts of a request that misses; what is given takes its place. */
export function writeFacts (change: Partial<RequestFacts & OutcomeFacts> = {}): RequestFacts & OutcomeFacts {
  return { surface: 'api', method: 'GET', path: '/v1/payments/{payment_id}', resource: '/v1/payments/pay_1', address: '203.0.113.7', clientId: 'client_a', cardFingerprints: [], status: 404, ...change }
}

/** The value of a call that must not be a promise. */
export function atOnce<T> (value: MaybePromise<T>): T {
  if (value instanceof Promise) throw new Error('an answer that was there at once came as a promise')
  return value
}

const RULES = new URL('../../config/rules/', import.meta.url)

/** Every rule that ships, by id. */
export function readShippedRules (): Map<string, RuleDefinition> {
  const files = readdirSync(RULES).filter((name) => name.endsWith('.yaml'))
  return new Map(files.map((name) => [name.replace(/\.yaml$/, ''), readYamlFile<RuleDefinition>(new URL(name, RULES))]))
}

export function readYamlFile<T> (file: URL): T {
  return parse(readFileSync(file, 'utf8')) as T
}
