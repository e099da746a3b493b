import { readFileSync } from 'node:fs'
import t from 'tap'
import Value from 'typebox/value'
import { parse } from 'yaml'
import { BehaviourSchema } from '../../config/schema/behaviour.ts'
import { createSandboxCore } from '../../sandbox-core/index.ts'
import { compileOrThrow, createCaller, createFakeClock, openMemoryStores, SANDBOX } from '../support/core-world.ts'

const SEED = 'lending'
const DAY_MS = 86_400_000

/** The example of docs/behaviour.md in one sandbox. */
async function openLending () {
  const read = (name: string): unknown => parse(readFileSync(new URL(`../../examples/lending/${name}`, import.meta.url), 'utf8'))
  const behaviour = read('behaviour.yaml')
  if (!Value.Check(BehaviourSchema, behaviour)) throw new Error('the behaviour does not fit its schema')
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  const api = compileOrThrow('lending', read('openapi.yaml'), behaviour)
  const core = createSandboxCore({ apis: [api], layers: stores.layers, keyValue: stores.keyValue, clock })
  await core.create(SANDBOX, { seed: SEED })
  const call = createCaller(core, api, SANDBOX)
  const eventTypes = async () => (await call('listEvents')).body.data.map(event => (event as unknown as { type: string }).type)
  return { api, core, call, eventTypes, stores }
}

t.test('the lending example', async t => {
  const { api, core, call, eventTypes, stores } = await openLending()
  t.teardown(() => stores.close())
  const lend = async (book: string, reader = 'Ada Example') => await call('createLoan', { body: { book, reader } })

  t.test('every operation of the document is understood', async t => {
    t.same(api.support, [])
    t.notOk(api.model.operations.some(operation => operation.kind === 'unknown'))
  })

  t.test('a loan of a book that is not there, and one without a book, are refused in the shape of the API', async t => {
    t.match(await lend('book_none'), { status: 400, body: { error: { code: 'unknown_book', member: 'book' } } })
    t.match(await call('createLoan', { body: { reader: 'Ada' } }), { status: 400, body: { error: { code: 'invalid', member: 'book' } } })
  })

  t.test('the invariant of the book refuses more loans than copies, and nothing of the refused one is kept', async t => {
    t.match(await call('getBook', { path: { book_id: 'book_dune' } }), { body: { copies: 2, on_loan: 1, available: 1 } })
    t.match(await lend('book_dune'), { status: 201, body: { status: 'lent', renewals: 0 } })
    const before = (await call('listLoans')).body.data.length
    t.match(await lend('book_dune'), { status: 409, body: { error: { code: 'no_copy_left' } } })
    t.equal((await call('listLoans')).body.data.length, before)
    t.match(await call('getBook', { path: { book_id: 'book_dune' } }), { body: { on_loan: 2, available: 0 } })
  })

  t.test('a book that is lent is not deleted, another one is', async t => {
    t.match(await call('deleteBook', { path: { book_id: 'book_dune' } }), { status: 409, body: { error: { message: '2 copies are still lent' } } })
    const spare = await call('createBook', { body: { title: 'Spare' } })
    t.match(spare, { status: 201, body: { copies: 1, available: 1 } })
    await lend(spare.body.id)
    t.equal((await call('deleteBook', { path: { book_id: spare.body.id } })).status, 409)
    t.match(await call('deleteBook', { path: { book_id: 'book_reserved' } }), { status: 204 })
    await core.reset(SANDBOX)
  })

  t.test('a loan is renewed twice and returned once', async t => {
    const loan = await lend('book_dune')
    const path = { loan_id: loan.body.id }
    t.match(await call('renewLoan', { path }), { status: 200, body: { renewals: 1, due: (loan.body as unknown as { due: number }).due + 14 * 86_400 } })
    t.match(await call('renewLoan', { path }), { status: 200, body: { renewals: 2 } })
    t.match(await call('renewLoan', { path }), { status: 409, body: { error: { code: 'renewed_too_often' } } })
    t.match(await call('returnLoan', { path }), { status: 200, body: { status: 'returned' } })
    t.match(await call('returnLoan', { path }), { status: 409, body: { error: { code: 'not_lent', message: 'The loan is returned' } } })
    t.same((await call('getTill')).body, { owed: [] })
    t.same(await eventTypes(), ['loan.returned', 'loan.renewed', 'loan.renewed', 'loan.created', 'loan.renewed', 'loan.created'])
  })

  t.test('a loan that is returned late is paid for', async t => {
    const loan = await lend('book_dune')
    await core.clock.advance(SANDBOX, 15 * DAY_MS)
    t.equal((await call('returnLoan', { path: { loan_id: loan.body.id } })).status, 200)
    t.same((await call('getTill')).body, { owed: [{ currency: 'eur', amount: 200 }] })
  })

  t.test('the trigger refuses the loan and remembers it, and takes no copy', async t => {
    t.match(await lend('book_reserved'), { status: 409, body: { error: { code: 'book_reserved' } } })
    t.match(await call('listLoans', { query: 'status=refused' }), { body: { data: [{ book: 'book_reserved', status: 'refused' }] } })
    t.match(await call('getBook', { path: { book_id: 'book_reserved' } }), { body: { on_loan: 0 } })
    t.equal((await eventTypes())[0], 'loan.refused')
    t.match(core.triggers('lending'), [{ name: 'book_reserved', input: { operation: 'createLoan', value: 'book_reserved' }, outcome: { status: 409 } }])
  })

  t.test('loans are listed newest first, a page at a time', async t => {
    const first = await call('listLoans', { query: 'limit=2' })
    t.match(first.body, { has_more: true, data: [{ status: 'refused' }, { status: 'returned' }] })
    const rest = await call('listLoans', { query: `limit=50&starting_after=${first.body.data[1]?.id ?? ''}` })
    t.match(rest.body, { has_more: false })
    t.notOk(rest.body.data.some(loan => first.body.data.some(seen => seen.id === loan.id)))
    t.match(await call('listLoans', { query: 'reader=Ada' }), { status: 400, body: { error: { member: 'reader' } } })
  })

  t.test('a reset leaves the seeds', async t => {
    await core.reset(SANDBOX)
    t.match(await call('listLoans'), { body: { has_more: false, data: [{ book: 'book_dune', status: 'lent', renewals: 1 }] } })
    t.same((await call('getTill')).body, { owed: [] })
    t.same(await eventTypes(), ['loan.renewed', 'loan.created'])
  })
})
