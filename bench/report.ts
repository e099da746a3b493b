import type { RefusalCheck } from './measure/check-refusals.ts'
import type { Measurement } from './measure/load-driver.ts'
import { judgeGate, spreadOf, type GateOutcome, type Spread } from './measure/statistics.ts'
import type { Contender } from './contenders/contender.ts'
import type { Machine } from './machine.ts'
import type { Scenario } from './scenarios.ts'

/** One contender with everything that was seen of it. */
export interface Entry {
  readonly contender: Pick<Contender, 'name' | 'enforces' | 'isFloor' | 'gate'>
  readonly refusals: RefusalCheck
  /** By scenario, one a round. */
  readonly measurements: Readonly<Partial<Record<Scenario['name'], readonly Measurement[]>>>
}

export interface Row {
  readonly name: string
  readonly standing: 'ours' | 'counts' | 'floor' | 'does not enforce' | 'failed'
  readonly why?: string
  readonly requestsPerSecond: Spread
  readonly cpuUsPerRequest: Spread
  readonly cpuUsByProcess: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  /** The contender's CPU per request by ours, round by round: above 1, ours costs less. */
  readonly cpuRatio: Spread
  /** Our requests per second by the contender's. */
  readonly throughputRatio: Spread
  readonly gate?: { readonly atLeast: number, readonly outcome: GateOutcome }
}

export interface Table { readonly scenario: string, readonly title: string, readonly rows: readonly Row[] }

/** One table a scenario: ratios of the same round, so that what disturbs both does not count. */
export function tabulate (entries: readonly Entry[], scenarios: readonly Scenario[]): Table[] {
  return scenarios.map(({ name, title }) => {
    const ours = entries[0]?.measurements[name] ?? []
    return { scenario: name, title, rows: entries.flatMap((entry, i) => rowOf(entry, i === 0, name, ours) ?? []) }
  })
}

function rowOf (entry: Entry, isOurs: boolean, scenario: Scenario['name'], ours: readonly Measurement[]): Row | undefined {
  const measured = entry.measurements[scenario] ?? []
  if (measured.length === 0 || ours.length === 0) return undefined
  const ratios = (of: (theirs: Measurement, mine: Measurement) => number): Spread => spreadOf(measured.map((theirs, round) => of(theirs, ours[round]!)))
  const cpuRatio = ratios((theirs, mine) => theirs.cpuUsPerRequest / mine.cpuUsPerRequest)
  const { gate } = entry.contender
  return {
    name: entry.contender.name,
    ...standingOf(entry, isOurs, measured),
    requestsPerSecond: spreadOf(measured.map((one) => one.requestsPerSecond)),
    cpuUsPerRequest: spreadOf(measured.map((one) => one.cpuUsPerRequest)),
    cpuUsByProcess: Object.fromEntries(Object.keys(measured[0]!.cpuUsByProcess).map((name) => [name, spreadOf(measured.map((one) => one.cpuUsByProcess[name]!)).median])),
    p50Ms: spreadOf(measured.map((one) => one.p50Ms)).median,
    p99Ms: spreadOf(measured.map((one) => one.p99Ms)).median,
    cpuRatio,
    throughputRatio: ratios((theirs, mine) => mine.requestsPerSecond / theirs.requestsPerSecond),
    ...(gate === undefined || scenario !== 'get' ? {} : { gate: { atLeast: gate, outcome: judgeGate(cpuRatio, gate) } }),
  }
}

function standingOf ({ contender, refusals }: Entry, isOurs: boolean, measured: readonly Measurement[]): Pick<Row, 'standing' | 'why'> {
  const failures = measured.reduce((total, one) => total + one.failures, 0)
  if (failures > 0) return { standing: 'failed', why: `${failures} answers were no success` }
  if (contender.isFloor) return { standing: 'floor', why: `does not enforce (${refusals.problems.join(', ')})` }
  if (refusals.problems.length > 0) return { standing: 'does not enforce', why: refusals.problems.join(', ') }
  return { standing: isOurs ? 'ours' : 'counts' }
}

/** The tables as Markdown. Only a row that counts has a ratio to speak of; a floor's says what policy costs. */
export function formatTables (tables: readonly Table[]): string {
  return tables.map(({ title, rows }) => [
    `### ${title}`,
    '',
    '| door | CPU by ours, median (min–max) | our req/s by theirs | CPU µs a request | req/s | p50, p99 ms | standing |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(formatRow),
    '',
  ].join('\n')).join('\n')
}

function formatRow (row: Row): string {
  const hasRatio = row.standing === 'counts' || row.standing === 'floor'
  const processes = Object.entries(row.cpuUsByProcess)
  const split = processes.length < 2 ? '' : ` (${processes.map(([name, us]) => `${name} ${us.toFixed(0)}`).join(', ')})`
  const gate = row.gate === undefined || !hasRatio ? '' : `; promised ${row.gate.atLeast}×: ${row.gate.outcome}`
  return `| ${[
    row.name,
    hasRatio ? formatRatio(row.cpuRatio) : '–',
    hasRatio ? formatRatio(row.throughputRatio) : '–',
    `${formatSpread(row.cpuUsPerRequest, 0)}${split}`,
    formatSpread(row.requestsPerSecond, 0),
    `${row.p50Ms.toFixed(1)}, ${row.p99Ms.toFixed(1)}`,
    `${row.standing}${row.why === undefined ? '' : `: ${row.why}`}${gate}`,
  ].join(' | ')} |`
}

function formatRatio (spread: Spread): string {
  return `${spread.median.toFixed(2)}× (${spread.min.toFixed(2)}–${spread.max.toFixed(2)})`
}

function formatSpread ({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

const FOREIGN_SHARE_MAX = 0.05
const GENERATOR_SHARE_MAX = 0.8
const QUIET_LOAD = 1.5

/** What a reader has to know before the numbers are believed. */
export function describeNoise (entries: readonly Entry[], { loadAtStart }: Pick<Machine, 'loadAtStart'>): string[] {
  const all = entries.flatMap(({ measurements }) => Object.values(measurements).flat())
  const foreign = spreadOf(all.map((one) => one.foreignShare))
  const generator = spreadOf(all.map((one) => one.generatorShare))
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
  const isQuiet = foreign.median <= FOREIGN_SHARE_MAX && loadAtStart <= QUIET_LOAD
  return [
    `Others on the servers' CPU: ${percent(foreign.median)} (at most ${percent(foreign.max)}); load at start ${loadAtStart.toFixed(1)}. ${isQuiet ? 'The machine was quiet.' : 'The machine was NOT quiet: differences under 15 % are none.'}`,
    `The generator used ${percent(generator.median)} of its CPU (at most ${percent(generator.max)}). ${generator.max <= GENERATOR_SHARE_MAX ? 'It was not the limit.' : 'Where it was above 80 %, req/s is its limit and not the door\'s; CPU a request still counts.'}`,
  ]
}
