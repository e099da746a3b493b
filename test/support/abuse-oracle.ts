import { CelScalar, celEnv, celFunc, isCelError, isCelList, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import type { OutcomeFacts, RequestFacts } from '../../gateway/abuse/index.ts'

/** What an expression yields: a value in plain types, or the text FAILS. */
export type Answer = string | number | boolean | readonly unknown[]

/** The same functions that rules have, for the other implementation of CEL. */
const environment = celEnv({
  funcs: [
    ...strings,
    celFunc('ratio', [CelScalar.INT, CelScalar.INT], CelScalar.DOUBLE, (part, whole) => whole === 0n ? 0 : Number(part) / Number(whole)),
    celFunc('ratio', [CelScalar.DOUBLE, CelScalar.DOUBLE], CelScalar.DOUBLE, (part, whole) => whole === 0 ? 0 : part / whole)
  ]
})

/** Compiles an expression with @bufbuild/cel, which nobody of ours had a hand in. */
export function compileWithOracle (text: string): (facts: RequestFacts & OutcomeFacts, signals: Readonly<Record<string, bigint | number>>) => Answer {
  const run = plan(environment, parse(text))
  return (facts, signals) => {
    const value = run({ request: requestOf(facts), outcome: outcomeOf(facts), signals: new Map(Object.entries(signals)) } as never)
    return isCelError(value) ? 'FAILS' : toAnswer(isCelList(value) ? [...value] : value)
  }
}

/** A value of either implementation in plain types. */
export function toAnswer (value: unknown): Answer {
  if (typeof value === 'bigint') return Number(value)
  return Array.isArray(value) ? value.map(toAnswer) : value as Answer
}

function requestOf (facts: RequestFacts): Map<string, unknown> {
  return new Map<string, unknown>([
    ['surface', facts.surface], ['method', facts.method], ['path', facts.path], ['resource', facts.resource], ['operation', facts.operationId ?? ''],
    ['address', facts.address], ['client', facts.clientId ?? ''], ['claimed_client', facts.claimedClientId ?? facts.clientId ?? ''], ['sandbox', facts.sandboxId ?? ''],
    ['username', facts.username ?? ''], ['user_agent', facts.userAgent ?? ''], ['certificate', facts.certificateThumbprint ?? ''], ['grant_type', facts.grantType ?? ''],
    ['card_fingerprints', [...facts.cardFingerprints]], ['body', toMaps(facts.body ?? {})]
  ])
}

function outcomeOf (facts: OutcomeFacts): Map<string, unknown> {
  return new Map<string, unknown>([['status', BigInt(facts.status)], ['code', facts.code ?? ''], ['stage', facts.stage ?? '']])
}

function toMaps (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toMaps)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).filter(([, member]) => member !== null).map(([key, member]) => [key, toMaps(member)]))
}
