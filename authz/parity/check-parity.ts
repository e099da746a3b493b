import type { Clock } from '../../kernel/index.ts'
import { catalogue } from './catalogue/catalogue.ts'
import { applyAcceptances, type Acceptance } from './compare/accept.ts'
import { compareObservations, type Comparison, type Observations } from './compare/compare-observations.ts'
import { computeScore } from './compare/score.ts'
import type { Drift } from './drift.ts'
import { mayLogIn, observeSide, openSide, tryLogin, type OpenOutcome, type OpenSide } from './probe/observe-side.ts'
import type { Recording } from './recording.ts'
import type { Check, Report } from './report/report.ts'
import type { LiveSide } from './side.ts'
import { suggestChange } from './suggest/suggest-change.ts'

export interface CheckOptions {
  readonly production: LiveSide | Recording
  readonly sandbox: LiveSide
  readonly clock: Clock
  /** Pause before each request. */
  readonly delayMs: number
  readonly accept?: readonly Acceptance[]
  readonly threshold?: number
  readonly onProgress?: (message: string) => void
}

export type CheckOutcome =
  | { readonly kind: 'checked', readonly report: Report }
  | Exclude<OpenOutcome, { readonly kind: 'open' }>

/**
 * Asks production (or its recording) and the sandbox the same and compares what they answer. Requests go out one after the
 * other, and none to one side that the other has nothing to set against.
 */
export async function checkParity (options: CheckOptions): Promise<CheckOutcome> {
  const right = await openSide(options.sandbox, options)
  if (right.kind === 'unreachable') return right
  try {
    return await compareWith(right.side, options)
  } finally {
    right.side.close()
  }
}

async function compareWith (right: OpenSide, options: CheckOptions): Promise<CheckOutcome> {
  const { production, sandbox, onProgress = () => undefined } = options
  if ('observations' in production) {
    const asked = production.capabilities.has('login') && mayLogIn(right.capabilities) ? await tryLogin(right) : right
    onProgress(`asking ${sandbox.issuer}`)
    const observations = await observeSide(asked, catalogue, { name: 'production', capabilities: production.capabilities }, 'the sandbox')
    return { kind: 'checked', report: makeReport(options, production.observations, observations, [`Production was recorded at ${production.recordedAt}.`, ...asked.notes]) }
  }
  const left = await openSide(production, options)
  if (left.kind === 'unreachable') return left
  try {
    const [first, second] = await logInBoth(left.side, right)
    onProgress(`asking ${production.issuer}`)
    const seen = await observeSide(first, catalogue, { name: 'the sandbox', capabilities: second.capabilities }, 'production')
    onProgress(`asking ${sandbox.issuer}`)
    const observations = await observeSide(second, catalogue, { name: 'production', capabilities: first.capabilities }, 'the sandbox')
    return { kind: 'checked', report: makeReport(options, seen, observations, [...first.notes, ...second.notes]) }
  } finally {
    left.side.close()
  }
}

/** Asks one side everything it has, to be compared with later. */
export async function recordParity (options: Pick<CheckOptions, 'clock' | 'delayMs'> & { readonly production: LiveSide }): Promise<{ readonly kind: 'recorded', readonly recording: Recording, readonly notes: readonly string[] } | Exclude<OpenOutcome, { readonly kind: 'open' }>> {
  const opened = await openSide(options.production, options)
  if (opened.kind === 'unreachable') return opened
  const side = mayLogIn(opened.side.capabilities) ? await tryLogin(opened.side) : opened.side
  const observations = await observeSide(side, catalogue, undefined, 'production')
  side.close()
  return { kind: 'recorded', notes: side.notes, recording: { issuer: options.production.issuer, recordedAt: new Date(options.clock.nowMs()).toISOString(), capabilities: side.capabilities, observations } }
}

async function logInBoth (left: OpenSide, right: OpenSide): Promise<readonly [OpenSide, OpenSide]> {
  if (!mayLogIn(left.capabilities) || !mayLogIn(right.capabilities)) return [left, right]
  return [await tryLogin(left), await tryLogin(right)]
}

const SCORING = 'The score is the share of compared facts that agree, weighted 10 where a difference breaks clients, 3 where some notice it, 1 where it is cosmetic; times 0.9 while anything that breaks clients is open, times 0.98 while anything is that some notice.'

function makeReport ({ production, sandbox, accept = [], threshold, clock }: CheckOptions, left: Observations, right: Observations, notes: readonly string[]): Report {
  const comparison = compareObservations(catalogue, left, right, suggestChange)
  const { open, accepted, stale } = applyAcceptances(comparison.drifts, accept, clock.nowMs())
  return {
    title: 'Auth parity',
    production: production.issuer,
    sandbox: sandbox.issuer,
    madeAt: new Date(clock.nowMs()).toISOString(),
    score: computeScore(comparison.compared, open),
    threshold,
    scoring: SCORING,
    drifts: open,
    accepted,
    stale,
    checks: listChecks(comparison, open),
    notes: [...notes, ...tellSilence(left, right)],
  }
}

/** Two sides that do not answer agree, and yet somebody should look. */
function tellSilence (left: Observations, right: Observations): string[] {
  const isSilent = (observations: Observations, id: string): boolean => {
    const observation = observations.get(id)
    return observation?.kind === 'seen' && Object.entries(observation.facts).some(([name, value]) => name.endsWith('.failure') && value !== null)
  }
  const titles = catalogue.filter(({ id }) => isSilent(left, id) && isSilent(right, id)).map(({ title }) => title)
  return titles.length === 0 ? [] : [`Neither side answered: ${titles.join('; ')}.`]
}

/** Facts belong to one check by the first two words of their ids: `error.missing_pkce`, `token.expires_in`, `headers.token`. */
function listChecks ({ compared, drifts, skipped }: Comparison, open: readonly Drift[]): Check[] {
  const checkOf = (id: string): string => id.split('.').slice(0, 2).join('.')
  const titles = new Map(catalogue.map(({ id, area, title }) => [`${area}.${id}`, title]))
  const made = [...new Set(compared.map(({ id }) => checkOf(id)))].map((id): Check => {
    const own = drifts.filter((drift) => checkOf(drift.id) === id)
    const outcome = own.length === 0 ? 'same' : own.some((drift) => open.includes(drift)) ? 'different' : 'accepted'
    const [area = '', name = ''] = id.split('.')
    return { id, area, title: titles.get(id) ?? name.replaceAll('_', ' '), outcome, drifts: own.filter((drift) => open.includes(drift)) }
  })
  return [...made, ...skipped.map(({ id, area, title, why }): Check => ({ id, area, title, outcome: 'skipped', why, drifts: [] }))]
}
