import type { SignalGroup } from './plan-phase.ts'
import type { OutcomeFacts, RequestFacts } from './facts.ts'
import type { Context } from './variables.ts'

/**
 * What a `where` may read to be the same for all requests of a kind: the route, and how it ended. Card numbers are among them
 * because a request without any is the usual one; one with some is of no kind.
 */
const KIND_MEMBERS: ReadonlySet<string> = new Set([
  'request.surface', 'request.method', 'request.path', 'request.operation', 'request.card_fingerprints', 'outcome.status', 'outcome.code', 'outcome.stage',
])

/** Kinds of requests that are remembered. */
const KINDS_MAX = 2000
const TEXT_LENGTH_MAX = 128

/** The groups that may concern a request: all but those whose `where` is false for every request of its kind. */
export type KnownGroups = (facts: RequestFacts & Partial<OutcomeFacts>, context: Context) => readonly SignalGroup[]

/**
 * Remembers by kind of request which groups it cannot concern, so that most expressions are evaluated once for a route and a
 * status. A `where` that holds, that fails or that reads anything else is evaluated for each request as ever.
 */
export function createKnownGroups (groups: readonly SignalGroup[]): KnownGroups {
  const byKind = new Map<string, readonly SignalGroup[]>()
  const isByKind = new Map(groups.map((group) => [group, group.where !== undefined && [...group.where.members].every((member) => KIND_MEMBERS.has(member))]))
  const isSomeByKind = [...isByKind.values()].includes(true)
  return (facts, context) => {
    const kind = isSomeByKind ? kindOf(facts) : undefined
    if (kind === undefined) return groups
    const known = byKind.get(kind)
    if (known !== undefined) return known
    const left = groups.filter((group) => isByKind.get(group) !== true || !isFalse(group, context))
    if (byKind.size >= KINDS_MAX) byKind.clear()
    byKind.set(kind, left)
    return left
  }
}

/** Lengths keep two codes that hold the separator apart; what is long was written by a stranger and is not kept. */
function kindOf ({ surface, method, path, operationId = '', cardFingerprints, status = 0, code = '', stage = '' }: RequestFacts & Partial<OutcomeFacts>): string | undefined {
  if (cardFingerprints.length > 0 || code.length > TEXT_LENGTH_MAX || method.length > TEXT_LENGTH_MAX) return undefined
  return `${surface} ${method} ${status} ${code.length} ${code} ${stage.length} ${stage} ${operationId.length} ${operationId} ${path}`
}

function isFalse ({ where }: SignalGroup, context: Context): boolean {
  try {
    return where?.evaluate(context) === false
  } catch {
    return false
  }
}
