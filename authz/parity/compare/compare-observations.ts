import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../../kernel/index.ts'
import type { Drift, Severity, Suggestion } from '../drift.ts'
import type { Facts, Observation, Probe } from '../probe/probe.ts'
import { rules, type Difference, type Rule } from './rules.ts'

export type Observations = ReadonlyMap<string, Observation>

/** One fact that both sides were asked for. */
export interface ComparedFact { readonly id: string, readonly severity: Severity, readonly isSame: boolean }

export interface Comparison {
  /** What most likely breaks a client first. */
  readonly drifts: readonly Drift[]
  readonly compared: readonly ComparedFact[]
  readonly skipped: ReadonlyArray<{ readonly id: string, readonly area: string, readonly title: string, readonly why: string }>
}

interface Seen { readonly title: string, readonly production: Json, readonly sandbox: Json }

/**
 * Compares what two sides answered. A fact seen in several answers, such as a header, is one difference however often it
 * shows; what only follows from another difference in the same answer is left out, because it would be told twice.
 */
export function compareObservations (probes: readonly Probe[], production: Observations, sandbox: Observations, suggest: (drift: Drift) => Suggestion | undefined): Comparison {
  const facts = new Map<string, Seen[]>()
  const skipped: Array<Comparison['skipped'][number]> = []
  for (const { id, area, title } of probes) {
    const [left, right] = [production.get(id), sandbox.get(id)]
    if (left?.kind === 'seen' && right?.kind === 'seen') collect(facts, title, left.facts, right.facts)
    else skipped.push({ id: `${area}.${id}`, area, title, why: whyOf(left) ?? whyOf(right) ?? 'it was not asked' })
  }
  const judged = [...facts].filter(([, seen]) => seen.some(isThere)).map(([id, seen]) => judge(id, seen))
  const drifts = judged.flatMap(({ drift }) => drift === undefined ? [] : [withSuggestion(drift, suggest(drift))])
  return { drifts: drifts.sort(byLikelihood), compared: judged.map(({ fact }) => fact), skipped }
}

/** What neither side has is nothing to agree on. */
function isThere ({ production, sandbox }: Seen): boolean {
  return production !== null || sandbox !== null
}

function whyOf (observation: Observation | undefined): string | undefined {
  return observation?.kind === 'skipped' ? observation.why : undefined
}

function collect (facts: Map<string, Seen[]>, title: string, production: Facts, sandbox: Facts): void {
  const names = [...new Set([...Object.keys(production), ...Object.keys(sandbox)])]
  const consequences = FOLLOWS.filter(([cause]) => names.some((name) => cause.test(name) && !isSame(name, production[name] ?? null, sandbox[name] ?? null))).map(([, pattern]) => pattern)
  if (isAnsweredOnce(names, production, sandbox)) consequences.push(/^headers\.|^error\.[^.]+\.(?!status$|redirect$)/)
  for (const name of names) {
    if (consequences.some((pattern) => pattern.test(name))) continue
    facts.set(name, [...facts.get(name) ?? [], { title, production: production[name] ?? null, sandbox: sandbox[name] ?? null }])
  }
}

/** What a difference brings with it: without an answer there is nothing else to see, and another status has other headers. */
const FOLLOWS: ReadonlyArray<readonly [cause: RegExp, consequences: RegExp]> = [
  [/^error\.[^.]+\.failure$/, /\.(?!failure$)[^.]+$/],
  [/^error\.[^.]+\.redirect$/, /^headers\.|^error\.[^.]+\.(?:error|body|members|content_type|description|status)$/],
  [/^error\.[^.]+\.body$/, /^headers\.|^error\.[^.]+\.(?:error|members|content_type|description)$/],
  [/^error\.[^.]+\.status$/, /^headers\.|\.allow$/],
  [/^error\.[^.]+\.error$/, /\.description$/],
  [/^access_token\.format$/, /^access_token\.(?!format$)|\.expires_in_agrees$/],
  [/^id_token\.format$/, /^id_token\.(?!format$)/],
  [/^token\.refreshed$/, /^token\.(?!refreshed$)|^headers\.|^error\.refresh_token_again\./],
  [/^userinfo\.status$/, /^userinfo\.(?!status$)/],
  [/^introspection\.status$/, /^introspection\.(?!status$)/],
  [/^token\.granted$/, /^(?:token|access_token|id_token)\.(?!granted$)/],
]

/** One side did what it was asked for where the other refused: that is the difference, and all else comes of it. */
function isAnsweredOnce (names: readonly string[], production: Facts, sandbox: Facts): boolean {
  const status = names.find((name) => /^error\.[^.]+\.status$/.test(name)) ?? ''
  const [left, right] = [production[status], sandbox[status]]
  return typeof left === 'number' && typeof right === 'number' && (left < 400) !== (right < 400)
}

const TOLERANCE_SECONDS = 2

function isSame (id: string, production: Json, sandbox: Json): boolean {
  if (/\.(?:expires_in|lifetime)$/.test(id) && typeof production === 'number' && typeof sandbox === 'number') return Math.abs(production - sandbox) <= TOLERANCE_SECONDS
  if (id.startsWith('metadata.') && [production, sandbox].includes(null)) return (production ?? sandbox) === DEFAULTS_ON.has(id)
  return isDeepStrictEqual(production, sandbox)
}

/** A member of the metadata that is left out is false (RFC 8414 §2 and its kin), but for this one (OpenID Connect Discovery §3). */
const DEFAULTS_ON: ReadonlySet<string> = new Set(['metadata.request_uri_parameter_supported'])

function judge (id: string, seen: readonly Seen[]): { readonly fact: ComparedFact, readonly drift: Drift | undefined } {
  const rule = ruleFor(id)
  const different = seen.filter(({ production, sandbox }) => !isSame(id, production, sandbox))
  if (different.length === 0) return { fact: { id, severity: rule.severity, isSame: true }, drift: undefined }
  const difference: Difference = { id, production: merge(different, 'production'), sandbox: merge(different, 'sandbox'), where: tellTitles(different.map(({ title }) => title)) }
  const severity = rule.grade?.(difference) ?? rule.severity
  const drift: Drift = { id, area: id.slice(0, id.indexOf('.')), severity, production: difference.production, sandbox: difference.sandbox, explanation: rule.explain(difference) }
  return { fact: { id, severity: rule.severity, isSame: false }, drift }
}

function ruleFor (id: string): Rule {
  const rule = rules.find(({ matches }) => matches.test(id))
  if (rule === undefined) throw new Error(`no rule judges ${id}`)
  return rule
}

/** The one value that all had, or each by the request it was seen in. */
function merge (seen: readonly Seen[], side: 'production' | 'sandbox'): Json {
  const [first] = seen
  if (first === undefined || seen.every((one) => isDeepStrictEqual(one[side], first[side]))) return first?.[side] ?? null
  return Object.fromEntries(seen.map((one) => [one.title, one[side]]))
}

const TITLES_MAX = 3

function tellTitles (titles: readonly string[]): string {
  const shown = titles.slice(0, TITLES_MAX).join('; ')
  return titles.length > TITLES_MAX ? `${shown}; and ${titles.length - TITLES_MAX} more` : shown
}

function withSuggestion (drift: Drift, suggestion: Suggestion | undefined): Drift {
  return suggestion === undefined ? drift : { ...drift, suggestion }
}

const SEVERITIES: readonly Severity[] = ['breaking', 'likely', 'cosmetic']
/** Of two differences that are equally bad, the one first that more clients meet. */
const AREAS = ['metadata', 'token', 'access_token', 'id_token', 'keys', 'authorization', 'tls', 'error', 'userinfo', 'introspection', 'cors', 'headers']

function byLikelihood (a: Drift, b: Drift): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || AREAS.indexOf(a.area) - AREAS.indexOf(b.area) || (a.id < b.id ? -1 : 1)
}
