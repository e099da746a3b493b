import t from 'tap'
import type { Arrival, CallerFacts, TargetFacts } from '../../../gateway/pipeline/facts.ts'
import type { Stage, StageName } from '../../../gateway/pipeline/stage.ts'
import { columnOf, openTable } from '../../../gateway/pipeline/table.ts'
import { createPipeline, type PipelineDeps } from '../../../gateway/pipeline.ts'
import { judgeScope } from '../../../gateway/stages/judge-scope.ts'
import { resolveTarget } from '../../../gateway/stages/resolve-target.ts'
import { pass } from '../../../kernel/index.ts'

function stageOf<Needs, Adds> (name: StageName): Stage<Needs, Adds> {
  return { name, phase: 'arrival', onFault: 'refuse', decide: () => pass({} as Adds) }
}
const verify = stageOf<Arrival & TargetFacts, CallerFacts>('verify-access-token')

t.test('a row placed before what it needs does not compile', (t) => {
  // The type checker runs as a step of the test command: an expectation here that is no error fails there.
  const table = openTable<Arrival>()
  // @ts-expect-error judge-scope needs a target and a caller
  table.row(judgeScope(), ['api'])
  // @ts-expect-error verify-access-token needs a target
  table.row(verify, ['api'])
  const targeted = table.row(resolveTarget(), ['api'])
  // @ts-expect-error the caller is still missing
  targeted.row(judgeScope(), ['api'])
  // @ts-expect-error the target was added on api and not on control
  targeted.row(verify, ['control'])
  // @ts-expect-error and not on control, although it was on api
  targeted.row(verify, ['api', 'control'])
  // @ts-expect-error there is no such surface
  targeted.row(resolveTarget(), ['ops'])
  const complete = targeted.row(verify, ['api']).row(judgeScope(), ['api'])
  t.same(complete.rows.map((row) => row.stage.name), ['resolve-target', 'verify-access-token', 'judge-scope'])
  t.end()
})

t.test('a fact of the wrong kind does not compile either', (t) => {
  const wrong = stageOf<Arrival, { readonly target: string }>('resolve-target')
  // @ts-expect-error this target is a string
  t.equal(openTable<Arrival>().row(wrong, ['api']).row(verify, ['api']).rows.length, 2)
  t.end()
})

t.test('adding a row changes no table that was there', (t) => {
  const table = openTable<Arrival>()
  table.row(resolveTarget(), ['api'])
  t.same(table.rows, [])
  t.end()
})

t.test('a column has the stages of its surface, by phase, in the order of the rows', (t) => {
  const later: Stage<Arrival, object> = { ...stageOf('resolve-body'), phase: 'payload' }
  const { rows } = openTable<Arrival>().row(later, ['api']).row(resolveTarget(), ['api', 'control']).row(stageOf<Arrival, object>('judge-ban'), ['control', 'api'])
  const namesOf = (surface: 'token' | 'api' | 'control'): Record<string, string[]> => Object.fromEntries(Object.entries(columnOf(rows, surface)).map(([phase, stages]) => [phase, stages.map((stage) => stage.name)]))
  t.same(namesOf('api'), { arrival: ['resolve-target', 'judge-ban'], payload: ['resolve-body'], dispatch: [], reply: [], headers: [], outcome: [] })
  t.same(namesOf('control')['arrival'], ['resolve-target', 'judge-ban'])
  t.same(namesOf('token')['arrival'], [])
  t.end()
})

t.test('the front door', async (t) => {
  const nothing: unknown = new Proxy({}, { get: () => nothing })
  const { rows, columns } = createPipeline(nothing as PipelineDeps)
  const order = (surface: 'token' | 'api' | 'control') => rows.filter((row) => row.surfaces.includes(surface)).map((row) => row.stage.name)

  t.test('nothing is verified, limited or answered before the ban is judged, and no cryptography is done before the address is limited', async (t) => {
    for (const surface of ['api', 'control'] as const) {
      const names = order(surface)
      const place = (name: StageName): number => names.indexOf(name)
      t.ok(place('judge-ban') < place('limit-address'))
      t.ok(place('limit-address') < place('verify-access-token'))
      t.ok(place('verify-access-token') < place('judge-scope'))
      t.ok(place('judge-scope') < place('resolve-body'), 'who may not call is not read')
      t.ok(place('resolve-body') < place('dispatch'))
    }
    t.ok(order('api').indexOf('scrub-request') < order('api').indexOf('judge-abuse'), 'rules see what is clean')
    t.ok(order('api').indexOf('scrub-request') < order('api').indexOf('dispatch'), 'and so does the API')
    t.ok(order('api').indexOf('dispatch') < order('api').indexOf('scrub-response'))
  })

  t.test('every surface ends with its record, whatever happened', async (t) => {
    for (const surface of ['token', 'api', 'control'] as const) {
      t.same(columns[surface].headers.map((stage) => stage.name), ['record-headers'])
      t.same(columns[surface].outcome.map((stage) => stage.name), ['record-outcome'])
      t.ok([...columns[surface].headers, ...columns[surface].outcome].every((stage) => stage.onFault === 'pass-and-report'), 'and a record never refuses')
    }
  })

  t.test('phases follow each other down the table', async (t) => {
    const phases = ['arrival', 'payload', 'dispatch', 'reply', 'headers', 'outcome']
    for (const surface of ['token', 'api', 'control'] as const) {
      const places = rows.filter((row) => row.surfaces.includes(surface)).map((row) => phases.indexOf(row.stage.phase))
      t.same(places, [...places].sort((a, b) => a - b), surface)
    }
  })

  t.test('what proves or cleans refuses on a fault, what limits, judges, applies faults or records lets pass', async (t) => {
    for (const { stage } of rows) {
      const isTolerant = /^(?:limit|record|apply)-|^judge-(?!scope)/.test(stage.name)
      t.equal(stage.onFault, isTolerant ? 'pass-and-report' : 'refuse', stage.name)
    }
  })
})
