import { readFileSync } from 'node:fs'
import t from 'tap'
import Value from 'typebox/value'
import { parse } from 'yaml'
import { BehaviourSchema } from '../../config/schema/behaviour.ts'
import { isJsonObject, type Json, type JsonObject, type RequestId } from '../../kernel/index.ts'
import { compileApi, createSandboxCore } from '../../sandbox-core/index.ts'
import { compileOrThrow, createFakeClock, openMemoryStores, SANDBOX } from '../support/core-world.ts'

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const lending = { openapi: parse(read('examples/lending/openapi.yaml')) as JsonObject, behaviour: parse(read('examples/lending/behaviour.yaml')) as JsonObject }
const guide = read('docs/behaviour.md')
const snippets = [...guide.matchAll(/### ([^\n]*)\n[^#]*?```yaml\n([\s\S]*?)```/g)].map(([, title = '', text = '']) => ({ title, behaviour: parse(text) as JsonObject }))

/** A snippet put over the example: objects are merged, everything else is replaced. */
function merge (base: Json | undefined, over: Json): Json {
  if (!isJsonObject(base) || !isJsonObject(over)) return over
  return { ...base, ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, merge(base[key], value)])) }
}

t.test('every section of the guide has a snippet', async t => {
  t.equal(snippets.length, guide.match(/```yaml/g)?.length)
  t.same(Object.keys(Object.assign({}, ...snippets.map(({ behaviour }) => behaviour)) as object).sort(), ['conventions', 'errors', 'events', 'ledger', 'resources', 'seeds', 'triggers'])
})

for (const { title, behaviour } of snippets) {
  t.test(`the snippet of ${title} fits the schema, and runs as a change to the example`, async t => {
    t.same(Value.Errors(BehaviourSchema, { behaviour: 'v1', ...behaviour }), [])
    const api = compileOrThrow('lending', lending.openapi, merge(lending.behaviour, behaviour))
    const clock = createFakeClock()
    const stores = openMemoryStores(clock)
    t.teardown(() => stores.close())
    const core = createSandboxCore({ apis: [api], layers: stores.layers, keyValue: stores.keyValue, clock })
    await core.create(SANDBOX, { seed: 'guide' })
    const call = async (operationId: string, pathParameters: Record<string, string>, body?: Json) =>
      await core.operations('lending').find(operation => operation.operationId === operationId)?.handle({ sandboxId: SANDBOX, requestId: 'r' as RequestId, pathParameters, query: '', headers: {}, ...(body === undefined ? {} : { body }) })
    const lent = await call('createLoan', {}, { book: 'book_dune', reader: 'Patience' })
    t.equal(lent?.status, 201)
    const loan = lent?.body as { readonly id: string }
    for (const id of ['renewLoan', 'returnLoan']) t.equal((await call(id, { loan_id: loan.id }))?.status, 200, id)
    t.equal((await call('getTill', {}))?.status, 200)
    t.equal((await call('listEvents', {}))?.status, 200)
  })
}

t.test('the messages that the guide explains are those that mistakes get', async t => {
  const mistakes: readonly (readonly [message: string, change: JsonObject])[] = [
    ['No such key: copy, in: self.copy', bookWith({ computed: { available: expression('self.copy') } })],
    ['no such overload: int + string', bookWith({ computed: { available: expression('self.copies + self.title') } })],
    ['Unknown variable: book', bookWith({ computed: { available: expression('book.copies') } })],
    ['matches() is not available', bookWith({ invariants: [{ check: 'self.title.matches("x")', fail: 'invalid' }] })],
    ['loops nest deeper than 2', bookWith({ invariants: [{ check: '[1].all(a, [1].all(b, [1].all(c, true)))', fail: 'invalid' }] })],
    ['the schema has no member shelf', bookWith({ set: { shelf: 1 } })],
    ['loan has no operation prolong', { resources: { loan: { operations: { prolong: {} } } } }],
    ['no operation of the document answers with this schema', { resources: { error: { schema: '#/components/schemas/Error' } } }],
  ]
  for (const [message, change] of mistakes) {
    const compiled = compileApi({ name: 'lending', openapi: lending.openapi, behaviour: merge(lending.behaviour, change) })
    t.ok(compiled.kind === 'refused' && compiled.problems.some(problem => problem.message.startsWith(message)), message)
    t.ok(guide.includes(`\`${message}\``), `the guide has it: ${message}`)
  }
})

function bookWith (declaration: JsonObject): JsonObject { return { resources: { book: declaration } } }

function expression (text: string): string { return '$' + `{${text}}` }
