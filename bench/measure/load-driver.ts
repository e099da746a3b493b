import type { ChildProcess } from 'node:child_process'
import type { Door } from '../contenders/contender.ts'
import type { Load, LoadAnswer, LoadMessage, LoadOrder } from '../protocol.ts'
import { pause, within } from '../processes.ts'
import { readCpu, readCpuOfTree } from './cpu-time.ts'

/** One load on one door, and what it cost. */
export interface Measurement extends Load {
  readonly requestsPerSecond: number
  /** CPU time of every process behind the door, from the first request until they rest again. */
  readonly cpuUsPerRequest: number
  readonly cpuUsByProcess: Readonly<Record<string, number>>
  /** Of the servers' CPU during the load: what others used or the host took. */
  readonly foreignShare: number
}

const SERVER_CPU = 0
const SLACK_MS = 30_000
/** After the load, work that it left behind (a log, a store, events) still counts; a server rests when it used under 3 % for this long. */
const REST_MS = 300
const REST_US = 10_000
const REST_ROUNDS_MAX = 20

/** Drives the generator, and reads the servers' CPU time before and after. */
export async function measureLoad (generator: ChildProcess, door: Door, order: LoadOrder): Promise<Measurement> {
  await hear(generator, { kind: 'order', order }, SLACK_MS)
  const before = readAll(door)
  const cpuBefore = readCpu(SERVER_CPU)
  const answer = await hear(generator, { kind: 'go' }, order.seconds * 1000 + SLACK_MS)
  const cpuAfter = readCpu(SERVER_CPU)
  const atEnd = readAll(door)
  if (answer.kind !== 'done') throw new Error(`the generator said ${answer.kind}`)
  const { load } = answer
  const used = difference(before, await rest(door))
  const perRequest = Object.fromEntries(Object.entries(used).map(([name, us]) => [name, us / load.requests]))
  const foreignUs = cpuAfter.busyUs + cpuAfter.stolenUs - cpuBefore.busyUs - cpuBefore.stolenUs - sum(difference(before, atEnd))
  return {
    ...load,
    requestsPerSecond: load.requests / load.elapsedMs * 1000,
    cpuUsPerRequest: sum(perRequest),
    cpuUsByProcess: perRequest,
    foreignShare: Math.max(0, foreignUs / 1000 / load.elapsedMs),
  }
}

async function hear (generator: ChildProcess, message: LoadMessage, ms: number): Promise<LoadAnswer> {
  const answer = await within(ms, 'the generator did not answer', new Promise<LoadAnswer>((resolve, reject) => {
    generator.once('message', (heard) => resolve(heard as LoadAnswer))
    generator.send(message, (error) => error === null ? undefined : reject(error))
  }))
  if (answer.kind === 'failed') throw new Error(answer.problem)
  return answer
}

async function rest (door: Door): Promise<Record<string, number>> {
  let last = readAll(door)
  for (let round = 0; round < REST_ROUNDS_MAX; round++) {
    await pause(REST_MS)
    const now = readAll(door)
    if (sum(difference(last, now)) <= REST_US) return now
    last = now
  }
  return last
}

function readAll ({ processes }: Door): Record<string, number> {
  return Object.fromEntries(processes.map(({ name, pid }) => [name, readCpuOfTree(pid)]))
}

function difference (before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, us]) => [name, us - (before[name] ?? 0)]))
}

function sum (values: Record<string, number>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}
