import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Contender } from './contenders/contender.ts'
import { haproxyEachTime, haproxyKept } from './contenders/haproxy.ts'
import { nginxAsking, nginxKept } from './contenders/nginx.ts'
import { bareProxy, bareRoute } from './contenders/node.ts'
import { sandgate, startSandgate } from './contenders/sandgate.ts'
import { describeMachine, findProgram, type Machine } from './machine.ts'
import { checkRefusals } from './measure/check-refusals.ts'
import type { Materials } from './protocol.ts'
import { createMachinery, within, type Machinery } from './processes.ts'
import { formatProfile, summariseProfile } from './profile.ts'
import { describeNoise, formatTables, tabulate, type Entry } from './report.ts'
import { createLoadRunner, runRounds, type Effort, type LoadRunner, type Runner } from './rounds.ts'
import { SCENARIOS } from './scenarios.ts'

/** `npm run bench`: our whole pipeline beside what else could stand in front of a sandbox. See docs/bench.md. */
const PEERS: readonly Contender[] = [haproxyEachTime, haproxyKept, nginxAsking, nginxKept, bareProxy, bareRoute]
const LIFETIME_S = 3600
const BUSY_LOAD = 1.5

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    tokens: { type: 'string', default: '256' },
    scenario: { type: 'string', default: 'get,post' },
    only: { type: 'string', default: '' },
    profile: { type: 'string', default: '0' },
    set: { type: 'string', multiple: true, default: [] },
    'no-result': { type: 'boolean', default: false },
  },
})
const effort: Effort = { rounds: Number(options.rounds), seconds: Number(options.seconds), warmUpSeconds: Number(options['warm-up']), connections: Number(options.connections) }
const scenarios = SCENARIOS.filter(({ name }) => options.scenario.split(',').includes(name))
const peers = PEERS.filter(({ name }) => options.only === '' || options.only.split(',').some((part) => name.includes(part)))

if (process.platform !== 'linux') {
  say('The bench reads CPU time from /proc and pins with taskset: it needs Linux.')
  process.exit(1)
}
const here = fileURLToPath(new URL('.', import.meta.url))
mkdirSync(join(here, '.cache'), { recursive: true })
const directory = mkdtempSync(join(here, '.cache', 'run-'))
const machinery = createMachinery({ directory, taskset: findProgram('taskset'), setpriv: findProgram('setpriv'), lifetimeS: LIFETIME_S })
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
const overtime = setTimeout(() => process.kill(process.pid, 'SIGTERM'), LIFETIME_S * 1000)
try {
  // What fails in the bench because its servers end has lost the race, and is not heard.
  await Promise.race([bench(), untilInterrupted(interruption.signal)])
} finally {
  clearTimeout(overtime)
  await machinery.stopAll()
}
rmSync(directory, { recursive: true, force: true })
process.exit(interruption.signal.aborted ? 130 : 0)

async function untilInterrupted (signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
}

async function bench (): Promise<void> {
  const programs = new Map(['haproxy', 'nginx'].flatMap((name) => {
    const program = findProgram(name)
    return program === undefined ? [] : [[name, program] as const]
  }))
  const machine = describeMachine(programs)
  introduce(machine)
  const { running, door, materials, materialsFile } = await startSandgate(machinery, { directory, tokens: Number(options.tokens), settings: options.set })
  const generator = await machinery.startNode({ file: 'generate-load.ts', args: [], cpu: machine.cpuCount > 1 ? 1 : 0 })
  const run = createLoadRunner(generator.child, materials, effort.connections)
  const ours: Runner = { contender: sandgate, door }
  if (Number(options.profile) > 0) return await profile(running.child, run, ours)
  const runners = [ours, ...await startPeers(machinery, { machinery, materials, materialsFile, programs })]
  const entries: Entry[] = []
  for (const { contender, door: { port } } of runners) {
    const refusals = await checkRefusals(port, materials)
    say(`${contender.name}: ${refusals.problems.length === 0 ? 'enforces' : `does not enforce (${refusals.problems.join(', ')})`}`)
    entries.push({ contender, refusals, measurements: {} })
  }
  const measured = await runRounds(runners, scenarios, effort, run, say)
  publish(machine, materials, entries.map((entry, i) => ({ ...entry, measurements: measured[i] ?? {} })))
}

function introduce (machine: Machine): void {
  say(`${machine.cpu}, ${machine.cpuCount} CPUs · Linux ${machine.kernel} · Node ${machine.node}, OpenSSL ${machine.openssl} · ${Object.values(machine.programs).join(' · ')} · commit ${machine.commit}${machine.isDirty ? ' with changes' : ''}`)
  if (machine.loadAtStart > BUSY_LOAD) say(`The machine is busy (load ${machine.loadAtStart.toFixed(1)}): expect noise.`)
  if (findProgram('taskset') === undefined || machine.cpuCount < 2) say('Nothing is pinned (no taskset, or one CPU): servers and generator disturb each other.')
}

async function startPeers (on: Machinery, given: Omit<Parameters<Contender['start']>[0], 'core'>): Promise<Runner[]> {
  const present = peers.filter(({ name, needs }) => {
    const missing = needs.filter((program) => !given.programs.has(program))
    if (missing.length > 0) say(`skipped: ${name} (${missing.join(', ')} is not on this machine)`)
    return missing.length === 0
  })
  const port = await on.freePort()
  const core = await on.startNode({ file: 'serve-peer.ts', args: ['core', given.materialsFile, String(port)] })
  const runners: Runner[] = []
  for (const contender of present) runners.push({ contender, door: await contender.start({ ...given, core: { ...core, port } }) })
  return runners
}

async function profile (server: Parameters<typeof createLoadRunner>[0], run: LoadRunner, { door }: Runner): Promise<void> {
  const seconds = Number(options.profile)
  for (const scenario of scenarios) {
    await run(door, scenario, effort.warmUpSeconds)
    const file = join(here, '.cache', `${scenario.name}.cpuprofile`)
    const taken = within((seconds + 30) * 1000, 'no profile came', new Promise((resolve) => server.once('message', resolve)))
    server.send({ seconds, file })
    const [measurement] = await Promise.all([run(door, scenario, seconds), taken])
    say(`\n## ${scenario.title}: ${measurement.cpuUsPerRequest.toFixed(1)} µs a request while profiled, profile in ${file}\n\n${formatProfile(summariseProfile(file))}`)
  }
}

function publish (machine: Machine, materials: Materials, entries: readonly Entry[]): void {
  const bytes = { answer: materials.customer.length, token: materials.tokens[0]?.length, body: scenarios.map((scenario) => scenario.requestOf(materials).body?.length ?? 0) }
  const tables = tabulate(entries, scenarios)
  const text = formatTables(tables)
  const noise = describeNoise(entries, machine)
  say(`\n${text}\n${noise.join('\n')}`)
  if (options['no-result']) return
  const date = new Date().toISOString()
  const name = join(here, 'results', `${date.slice(0, 10)}-${machine.commit}`)
  mkdirSync(join(here, 'results'), { recursive: true })
  writeFileSync(`${name}.json`, `${JSON.stringify({ date, machine, effort, settings: options.set, bytes, noise, tables, contenders: entries }, undefined, 1)}\n`)
  writeFileSync(`${name}.md`, `# ${date.slice(0, 10)}, commit ${machine.commit}${machine.isDirty ? ' with changes' : ''}\n\n${machine.cpu}, ${machine.cpuCount} CPUs, Linux ${machine.kernel}; Node ${machine.node} with OpenSSL ${machine.openssl}; ${Object.values(machine.programs).join('; ')}.\n${effort.rounds} rounds of ${effort.seconds} s, ${effort.connections} connections, ${options.tokens} tokens of ${bytes.token} B, answers of ${bytes.answer} B. ${options.set.length === 0 ? '' : ` Settings changed: ${options.set.join(', ')}.`} Method and what each door enforces: docs/bench.md.\n\n${text}\n${noise.join('\n')}\n`)
  say(`\nWritten to bench/results/${date.slice(0, 10)}-${machine.commit}.{json,md}`)
}

function say (line: string): void {
  process.stdout.write(`${line}\n`)
}
