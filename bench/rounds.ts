import type { ChildProcess } from 'node:child_process'
import type { Contender, Door } from './contenders/contender.ts'
import { measureLoad, type Measurement } from './measure/load-driver.ts'
import { readFileSync } from 'node:fs'
import type { Materials } from './protocol.ts'
import type { Scenario } from './scenarios.ts'

export interface Runner { readonly contender: Omit<Contender, 'start'>, readonly door: Door }

export interface Effort { readonly rounds: number, readonly seconds: number, readonly warmUpSeconds: number, readonly connections: number }

export type Measurements = Partial<Record<Scenario['name'], Measurement[]>>

/** One load on one door, with the traffic that all doors get. */
export type LoadRunner = (door: Door, scenario: Scenario, seconds: number) => Promise<Measurement>

export function createLoadRunner (generator: ChildProcess, materials: Materials, connections: number): LoadRunner {
  const authorityPem = readFileSync(materials.authorityFile, 'utf8')
  return async (door, scenario, seconds) => await measureLoad(generator, door, { ...scenario.requestOf(materials), port: door.port, authorityPem, client: materials.client, tokens: materials.tokens, connections, seconds })
}

/**
 * Every door warmed up once, then every door once a round, the order turned round each second time, so that what drifts hits
 * all alike.
 */
export async function runRounds (runners: readonly Runner[], scenarios: readonly Scenario[], { rounds, seconds, warmUpSeconds }: Effort, run: LoadRunner, say: (line: string) => void): Promise<Measurements[]> {
  const measured = runners.map((): Measurements => ({}))
  for (const scenario of scenarios) {
    for (const { door } of runners) await run(door, scenario, warmUpSeconds)
    for (let round = 0; round < rounds; round++) {
      const order = runners.map((_, i) => round % 2 === 0 ? i : runners.length - 1 - i)
      for (const i of order) {
        const { contender, door } = runners[i]!
        const measurement = await run(door, scenario, seconds)
        const kept = measured[i]!
        kept[scenario.name] = [...kept[scenario.name] ?? [], measurement]
        say(`${scenario.name} ${round + 1}/${rounds}  ${measurement.cpuUsPerRequest.toFixed(1).padStart(6)} µs  ${measurement.requestsPerSecond.toFixed(0).padStart(6)}/s  generator ${(measurement.generatorShare * 100).toFixed(0)} %  foreign ${(measurement.foreignShare * 100).toFixed(0)} %${measurement.failures > 0 ? `  ${measurement.failures} FAILED` : ''}  ${contender.name}`)
      }
    }
  }
  return measured
}
