import t from 'tap'
import { Passage } from '../../../gateway/pipeline/passage.ts'
import { runStages, type RunObserver } from '../../../gateway/pipeline/run.ts'
import type { AnyStage, FaultStance, StageName } from '../../../gateway/pipeline/stage.ts'
import { pass, refuse, type Refusal, type Verdict } from '../../../kernel/index.ts'
import { StoreUnavailable } from '../../../stores/index.ts'
import { requestOf } from '../../support/gateway-literals.ts'

type Decide = () => Verdict<object> | Promise<Verdict<object>>

const stageOf = (name: StageName, decide: Decide, onFault: FaultStance = 'refuse'): AnyStage => ({ name, phase: 'arrival', onFault, decide })
const passing = (name: StageName, ran: string[]): AnyStage => stageOf(name, () => {
  ran.push(name)
  return pass({ [name]: true })
})

function run (stages: readonly AnyStage[], options: { socket?: object } = {}) {
  const passage = new Passage(requestOf(options), 'api', undefined, 0)
  const calls: Array<Refusal | undefined> = []
  const faults: string[] = []
  const observer: RunObserver = { onFault: (stage, fault) => { faults.push(`${stage.name}: ${String(fault)}`) } }
  const isDone = new Promise<void>((resolve) => {
    runStages(stages, passage, observer, (refusal) => {
      calls.push(refusal)
      resolve()
    })
  })
  return { passage, calls, faults, isDone }
}

/** Lets every settled promise be heard. */
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

t.test('a refusal ends the way down, sooner or later, and is told once with its stage', async (t) => {
  const refusal: Refusal = { code: 'token_missing', internalDetail: 'x' }
  for (const decide of [() => refuse(refusal), async () => refuse(refusal)] as Decide[]) {
    const ran: string[] = []
    const { passage, calls, isDone } = run([passing('judge-ban', ran), stageOf('verify-access-token', decide), passing('judge-scope', ran)])
    await isDone
    await turn()
    t.match(calls, [{ code: 'token_missing', stage: 'verify-access-token' }])
    t.equal(calls.length, 1)
    t.same(ran, ['judge-ban'])
    t.match(passage.refusal, { stage: 'verify-access-token' })
  }
})

t.test('what a refusing stage has learnt is kept, for the stages that still see the request', async (t) => {
  const { passage, isDone } = run([stageOf('limit-key', () => ({ kind: 'refuse', refusal: { code: 'client_limit_exceeded', internalDetail: '' }, adds: { keyBudget: 1 }, findings: [{ stage: 'limit-key', code: 'x', detail: '' }] }))])
  await isDone
  t.match(passage, { keyBudget: 1, findings: [{ code: 'x' }] })
})

t.test('a stage that throws or rejects is decided by its stance', async (t) => {
  const throwing: Decide = () => { throw new StoreUnavailable('lost') }
  const rejecting: Decide = async () => { throw new TypeError('a bug') }
  for (const [decide, code] of [[throwing, 'dependency_unavailable'], [rejecting, 'internal_fault']] as const) {
    const refused = run([stageOf('judge-abuse', decide, 'refuse')])
    await refused.isDone
    await turn()
    t.match(refused.calls, [{ code, stage: 'judge-abuse' }], `${code}: refused`)
    t.equal(refused.faults.length, 1, 'and observed once')

    const ran: string[] = []
    const passed = run([stageOf('judge-abuse', decide, 'pass-and-report'), passing('dispatch', ran)])
    await passed.isDone
    await turn()
    t.same(passed.calls, [undefined], `${code}: passed`)
    t.same(ran, ['dispatch'])
    t.match(passed.passage.findings, [{ stage: 'judge-abuse', code }], 'and noted')
    t.equal(passed.faults.length, 1)
  }
})

t.test('a fault\'s message is internal', async (t) => {
  const { calls, isDone } = run([stageOf('judge-ban', () => { throw new Error('password=hunter2') })])
  await isDone
  t.match(calls[0]?.internalDetail, 'hunter2')
  t.equal(calls[0]?.publicDetail, undefined)
})

t.test('something else than an error that is thrown is a fault too', async (t) => {
  // eslint-disable-next-line @typescript-eslint/only-throw-error
  const { calls, isDone } = run([stageOf('judge-ban', () => { throw 'a string' })])
  await isDone
  t.match(calls, [{ code: 'internal_fault', internalDetail: 'a string' }])
})

t.test('a fault beyond the stages, when done itself throws, is not told to done again, and closes the connection', async (t) => {
  let isDestroyed = false
  let told = 0
  const passage = new Passage(requestOf({ socket: { remoteAddress: '192.0.2.1', destroy: () => { isDestroyed = true } } }), 'api', undefined, 0)
  const faults: unknown[] = []
  runStages([stageOf('judge-ban', async () => pass({}))], passage, { onFault: (_stage, fault) => faults.push(fault) }, () => {
    told++
    throw new Error('in the answer')
  })
  await turn()
  t.equal(told, 1)
  t.ok(isDestroyed)
  t.match(faults, [{ message: 'in the answer' }])
})

t.test('in done, a synchronous fault is the caller\'s and not a stage\'s', async (t) => {
  const passage = new Passage(requestOf(), 'api', undefined, 0)
  let told = 0
  t.throws(() => runStages([], passage, { onFault: () => t.fail('no stage failed') }, () => {
    told++
    throw new Error('mine')
  }), 'mine')
  t.equal(told, 1)
})

t.test('stages run in order and synchronously as long as none waits', (t) => {
  const ran: string[] = []
  const { calls, passage } = run([passing('judge-ban', ran), passing('limit-address', ran)])
  t.same(calls, [undefined], 'done before anything was awaited')
  t.same(ran, ['judge-ban', 'limit-address'])
  t.match(passage, { 'judge-ban': true, 'limit-address': true }, 'with the facts of both')
  t.end()
})

t.test('after a stage that waits the rest runs, once', async (t) => {
  const ran: string[] = []
  const { calls, isDone, passage } = run([stageOf('verify-access-token', async () => pass({ caller: 1 })), passing('judge-scope', ran), stageOf('limit-key', async () => pass({ keyBudget: 2 })), passing('judge-abuse', ran)])
  t.same(calls, [])
  await isDone
  await turn()
  t.same(calls, [undefined])
  t.same(ran, ['judge-scope', 'judge-abuse'])
  t.match(passage, { caller: 1, keyBudget: 2 })
})

t.test('no stages, no refusal', (t) => {
  t.same(run([]).calls, [undefined])
  t.end()
})
