import t from 'tap'
import Value from 'typebox/value'
import { BehaviourSchema, type Behaviour } from '../../config/schema/behaviour.ts'
import type { Json, JsonObject, RequestId } from '../../kernel/index.ts'
import type { BehaviourDocument } from '../../sandbox-core/behaviour/behaviour-document.ts'
import { compileApi, createSandboxCore, type CompileProblem } from '../../sandbox-core/index.ts'
import { compileOrThrow, createFakeClock, openMemoryStores, readPaymentsFiles, SANDBOX } from '../support/core-world.ts'

/** The shipped behaviour with one value at a JSON Pointer set to another. */
function changedBehaviour (pointer: string, value: Json): JsonObject {
  const copy = structuredClone(readPaymentsFiles().behaviour)
  const steps = pointer.split('/').slice(1)
  const last = steps.pop() ?? ''
  const holder = steps.reduce<Record<string, unknown>>((node, step) => node[step] as Record<string, unknown>, copy)
  holder[last] = value
  return copy
}

function problemsWith (pointer: string, value: Json): readonly CompileProblem[] {
  const compiled = compileApi({ name: 'payments', openapi: readPaymentsFiles().openapi, behaviour: changedBehaviour(pointer, value) })
  return compiled.kind === 'refused' ? compiled.problems : []
}

t.test('documents that cannot be used are refused with what is wrong and where', async t => {
  const refused = (openapi: unknown) => {
    const compiled = compileApi({ name: 'x', openapi })
    return compiled.kind === 'refused' ? compiled.problems.map(problem => problem.path) : []
  }
  for (const value of [null, 'text', [], 7]) t.same(refused(value), [''])
  t.same(refused({}), ['/openapi'])
  t.same(refused({ swagger: '2.0', paths: {} }), ['/openapi'])
  t.same(refused({ openapi: '3.1.0' }), ['/paths'])
  t.same(refused({ openapi: '3.1.0', paths: { '/a': { get: { responses: { 200: { $ref: '#/components/responses/None' } } } } } }), ['/paths/~1a/get/responses/200/$ref'])
})

t.test('a behaviour that names what does not exist, or computes what has no sense, is refused at load', async t => {
  const invariant = '/resources/payment/invariants/0/check'
  const computed = '/resources/payment/computed/amount_refundable'
  const cases: readonly (readonly [pointer: string, value: Json, message: RegExp, reportedAt?: string])[] = [
    [computed, expression('self.amout * 2'), /No such key: amout/],
    [computed, expression('self.amount + self.currency'), /no such overload/],
    ['/resources/payment/computed/nothing', 1, /no member nothing/],
    [invariant, 'self.amount', /must be bool/],
    [invariant, 'self.currency.matches("(a+)+$")', /matches\(\) is not available/],
    [invariant, 'self.', /./],
    [invariant, '[1].all(a, [1].all(b, [1].all(c, true)))', /loops nest/],
    ['/resources/payment/invariants/0/fail', 'nope', /no error nope/],
    ['/resources/payment/references/customer', 'person', /no resource person/],
    ['/resources/payment/operations/explode', {}, /no operation explode/],
    ['/resources/payment/states/transitions/0/on', 'explode', /no operation explode/],
    ['/resources/refund/operations/create/effects/1/post/from', 'vault', /no account vault/, '/resources/refund/operations/create/effects/1/post'],
    ['/resources/ghost', { schema: '#/components/schemas/Ghost' }, /no operation/, '/resources/ghost/schema'],
    ['/triggers/0/on', ['payment.explode'], /no such operation/],
    ['/conventions/errors/invalid', 'nope', /no error nope/],
    ['/seeds/at', 'tomorrow', /expected a date/],
    ['/seeds/interval', '1 hour', /expected a duration/],
    ['/seeds/objects/person', [{ id: 'x' }], /no resource person/],
    ['/seeds/objects/customer', [{ id: expression('nobody') }], /Unknown variable: nobody/, '/seeds/objects/customer/0/id'],
    ['/seeds/steps/0/operation', 'getPayment', /no operation getPayment/],
    ['/seeds/steps/4/body', { payment: expression('refnded.id') }, /Unknown variable: refnded/, '/seeds/steps/4/body/payment'],
    ['/resources/refund/operations/create/reply', expression('payment.id'), /Unknown variable: payment/],
    ['/errors/card_declined/body', '$' + '{args.x', /not closed/],
  ]
  for (const [pointer, value, message, reportedAt = pointer] of cases) {
    const problem = problemsWith(pointer, value).find(candidate => candidate.path === reportedAt)
    t.match(problem?.message, message, `${pointer}: ${JSON.stringify(value)}`)
  }
})

t.test('the behaviour schema refuses unknown keys everywhere and takes the shipped file', async t => {
  const { behaviour } = readPaymentsFiles()
  t.ok(Value.Check(BehaviourSchema, behaviour))
  const mistakes: readonly (readonly [string, Json])[] = [
    ['/colour', 'red'],
    ['/conventions/list/styel', 'x'],
    ['/resources/payment/state', {}],
    ['/resources/payment/states/transitions/0/form', []],
    ['/triggers/0/outcome/fial', 'x'],
    ['/errors/card_declined/status', 500],
    ['/behaviour', 'v2'],
  ]
  for (const [pointer, value] of mistakes) t.notOk(Value.Check(BehaviourSchema, changedBehaviour(pointer, value)), pointer)
  const isSame: (value: Behaviour) => BehaviourDocument = value => value as BehaviourDocument
  t.type(isSame, 'function')
})

function expression (text: string): string { return '$' + `{${text}}` }

const notes30 = {
  openapi: '3.0.3',
  info: { title: 'Notes', version: '1' },
  paths: {
    '/folders': { get: { operationId: 'listFolders', responses: { 200: ok({ type: 'array', items: ref('Folder') }) } }, post: { operationId: 'createFolder', requestBody: json(ref('Folder')), responses: { 201: ok(ref('Folder')) } } },
    '/folders/{folderId}': { get: { operationId: 'getFolder', parameters: [path('folderId')], responses: { 200: ok(ref('Folder')) } } },
    '/folders/{folderId}/notes': { parameters: [path('folderId')], get: { operationId: 'listNotes', responses: { 200: ok({ type: 'array', items: ref('Note') }) } }, post: { operationId: 'createNote', requestBody: json(ref('Note')), responses: { 201: ok(ref('Note')) } } },
    '/folders/{folderId}/notes/{noteId}': {
      parameters: [path('folderId'), path('noteId')],
      get: { operationId: 'getNote', responses: { 200: ok(ref('Note')) } },
      patch: { operationId: 'updateNote', requestBody: json(ref('NotePatch')), responses: { 200: ok(ref('Note')) } },
      delete: { operationId: 'deleteNote', responses: { 204: { description: 'gone' } } },
    },
    '/search/everything': { post: { operationId: 'search', responses: { 200: ok({ type: 'object', required: ['hits'], properties: { hits: { type: 'integer' } } }) } } },
  },
  components: {
    schemas: {
      Folder: { type: 'object', required: ['id', 'name'], properties: { id: { type: 'string', format: 'uuid', readOnly: true }, name: { type: 'string', minLength: 1 }, parent: { allOf: [ref('Folder')], nullable: true } } },
      Note: { type: 'object', required: ['id', 'text', 'folderId'], properties: { id: { type: 'integer', readOnly: true }, folderId: { type: 'string', readOnly: true }, text: { type: 'string', pattern: '^(?!bad)' }, pinned: { type: 'boolean', default: false }, rank: { type: 'number', minimum: 0, exclusiveMinimum: true }, due: { type: 'string', nullable: true } } },
      NotePatch: { type: 'object', properties: { text: { type: 'string' }, pinned: { type: 'boolean' } } },
    },
  },
}

function ref (name: string): JsonObject { return { $ref: `#/components/schemas/${name}` } }
function ok (schema: JsonObject): JsonObject { return { description: 'ok', content: { 'application/json': { schema } } } }
function json (schema: JsonObject): JsonObject { return { required: true, content: { 'application/json': { schema } } } }
function path (name: string): JsonObject { return { name, in: 'path', required: true, schema: { type: 'string' } } }

t.test('a 3.0 document with nothing declared is created, read, listed, changed and deleted, parents and all', async t => {
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  const api = compileOrThrow('notes', notes30)
  const core = createSandboxCore({ apis: [api], layers: stores.layers, keyValue: stores.keyValue, clock })
  await core.create(SANDBOX, { seed: 's' })
  const call = async (operationId: string, pathParameters: Record<string, string> = {}, body?: Json) => {
    const reply = await core.operations('notes').find(operation => operation.operationId === operationId)?.handle({ sandboxId: SANDBOX, requestId: 'r' as RequestId, pathParameters, query: '', headers: {}, ...(body === undefined ? {} : { body }) })
    return reply as { status: number, body: { id: string } }
  }
  const folder = await call('createFolder', {}, { name: 'Inbox' })
  t.match(folder, { status: 201, body: { name: 'Inbox', id: /^[0-9a-f]{8}-[0-9a-f]{4}-4/ } })
  const folderId = folder.body.id
  t.match(await call('createNote', { folderId }, { text: 'x', rank: 0 }), { status: 400, body: { param: 'rank', status: 400 } })
  const note = await call('createNote', { folderId }, { text: 'hello', id: 99 })
  t.match(note, { status: 201, body: { text: 'hello', pinned: false, due: null, folderId } })
  t.type(note.body.id, 'number')
  t.not(note.body.id, 99)
  const noteId = String(note.body.id)
  t.match(await call('updateNote', { folderId, noteId }, { pinned: true }), { status: 200, body: { pinned: true, text: 'hello' } })
  t.match(await call('listNotes', { folderId }), { status: 200, body: [{ id: note.body.id, pinned: true }] })
  const other = await call('createFolder', {}, { name: 'Other' })
  t.equal((await call('getNote', { folderId: other.body.id, noteId })).status, 404)
  t.same((await call('listNotes', { folderId: other.body.id })).body, [])
  t.equal((await call('createNote', { folderId: 'none' }, { text: 'x' })).status, 404)
  t.equal((await call('deleteNote', { folderId, noteId })).status, 204)
  t.equal((await call('getNote', { folderId, noteId })).status, 404)
  t.match(await call('search'), { status: 200, body: { hits: 0 } })
  await stores.close()
})

t.test('nothing unsupported passes in silence: patterns that RE2 cannot run and operations not understood are noted', async t => {
  const api = compileOrThrow('notes', notes30)
  t.match(api.support.find(note => note.keyword === 'pattern'), { pointer: '/components/schemas/Note/properties/text/pattern' })
  t.ok(compileOrThrow('x', { openapi: '3.1.0', paths: { '/a/b': { get: { callbacks: {}, responses: {} } } } }).support.some(note => note.keyword === 'callbacks'))
})

t.test('a pattern from a document runs in linear time', async t => {
  const evil = { openapi: '3.1.0', paths: { '/things': { post: { operationId: 'create', requestBody: json({ type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }), responses: { 201: ok({ type: 'object', properties: { id: { type: 'string' }, a: { type: 'string' } } }) } } } } }
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  const core = createSandboxCore({ apis: [compileOrThrow('evil', evil)], layers: stores.layers, keyValue: stores.keyValue, clock })
  await core.create(SANDBOX, { seed: 's' })
  const reply = await core.operations('evil')[0]?.handle({ sandboxId: SANDBOX, requestId: 'r' as RequestId, pathParameters: {}, query: '', headers: {}, body: { a: `${'a'.repeat(5000)}!` } })
  t.equal(reply?.status, 400)
  await stores.close()
})

t.test('what a gateway mounts is stated by the document: scopes, media types, triggers', async t => {
  const { openapi, behaviour } = readPaymentsFiles()
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  const core = createSandboxCore({ apis: [compileOrThrow('payments', openapi, behaviour)], layers: stores.layers, keyValue: stores.keyValue, clock })
  const find = (id: string) => core.operations('payments').find(operation => operation.operationId === id)
  t.match(find('createPayment'), { method: 'POST', path: '/v1/payments', scopes: ['payments:write'], requestMediaTypes: ['application/json'] })
  t.same(find('getPayment')?.scopes, ['payments:read'])
  t.match(core.triggers('payments')[0], { name: 'amount_declined', operations: [{ method: 'POST', path: '/v1/payments/{payment_id}/confirm' }], input: { value: 4002 }, outcome: { status: 402, error: 'card_declined' } })
  t.same(core.operations('none'), [])
  await stores.close()
})

t.test('seeds that an operation refuses are told with their step and the answer', async t => {
  const { openapi, behaviour } = readPaymentsFiles()
  const seeds = (body: Json) => ({ at: '2026-01-01T00:00:00Z', steps: [{ operation: 'createCustomer', body: { name: 'Ada' } }, { operation: 'createRefund', body }] })
  const cases: readonly (readonly [Json, RegExp])[] = [
    [{ payment: 'pay_none' }, /^seeds of payments: step 2, createRefund, answered 400: .*resource_missing/],
    [{ reason: 'duplicate' }, /^seeds of payments: step 2, createRefund, has a body that its document refuses: \/payment is required/],
  ]
  for (const [body, message] of cases) {
    const clock = createFakeClock()
    const stores = openMemoryStores(clock)
    t.teardown(() => stores.close())
    const core = createSandboxCore({ apis: [compileOrThrow('payments', openapi, { ...behaviour, seeds: seeds(body) })], layers: stores.layers, keyValue: stores.keyValue, clock })
    await t.rejects(core.create(SANDBOX, { seed: 's' }), { name: 'SeedsRefused', message })
  }
})
