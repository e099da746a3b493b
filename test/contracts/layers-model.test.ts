import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../kernel/index.ts'
import type { Layers, StoredDocument } from '../../stores/index.ts'
import { COLLECTION, listAll, makeChange } from '../support/stores-change.ts'
import { overDrivers } from '../support/stores-drivers.ts'

interface ModelRow { version: number, seq: number, body: JsonObject | null }

/** A layer of the model copies all that its parent shows; so it shares no idea with the drivers. */
class ModelLayer {
  state: 'writable' | 'frozen' | 'dropped' = 'writable'
  readonly id: string
  readonly rows: Map<string, ModelRow>
  lastSeq: number

  constructor (id: string, parent?: ModelLayer) {
    this.id = id
    this.rows = new Map([...parent?.rows ?? []].map(([key, row]) => [key, { ...row }]))
    this.lastSeq = parent?.lastSeq ?? 0
  }

  write (id: string, body: JsonObject | null): void {
    const row = this.rows.get(id)
    if (row === undefined && body === null) return
    const isNew = body !== null && (row === undefined || row.body === null)
    if (isNew) this.lastSeq++
    this.rows.set(id, { version: (row?.version ?? 0) + 1, seq: isNew ? this.lastSeq : row?.seq ?? 0, body })
  }

  versionOf (id: string): number {
    const row = this.rows.get(id)
    return row === undefined || row.body === null ? 0 : row.version
  }

  shown (): StoredDocument[] {
    if (this.state === 'dropped') return []
    return [...this.rows].flatMap(([id, { version, seq, body }]) => body === null ? [] : [{ id, body, version, seq }]).sort((a, b) => a.seq - b.seq)
  }
}

type Step =
  | { readonly kind: 'root' | 'child' | 'freeze' | 'drop', readonly layer: number }
  | { readonly kind: 'commit', readonly layer: number, readonly writes: ReadonlyArray<readonly [string, number | null]>, readonly read: string, readonly isStale: boolean }

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const layer = fc.nat(1000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('root' as const), layer }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('child' as const, 'freeze' as const), layer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), layer }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('commit' as const), layer, writes: fc.array(fc.tuple(id, fc.option(fc.nat(3), { freq: 2 })), { maxLength: 4 }), read: id, isStale: fc.nat(9).map((n) => n === 0) }) },
)

async function take (layers: Layers, model: ModelLayer[], step: Step): Promise<void> {
  if (step.kind === 'root') return void model.push(new ModelLayer(await layers.create(undefined)))
  const target = model[step.layer % model.length]
  if (target === undefined) return
  if (step.kind === 'child') return await addChild(layers, model, target)
  if (step.kind === 'commit') return await commit(layers, target, step)
  await layers[step.kind](target.id)
  if (target.state !== 'dropped') target.state = step.kind === 'freeze' ? 'frozen' : 'dropped'
}

async function addChild (layers: Layers, model: ModelLayer[], parent: ModelLayer): Promise<void> {
  try {
    const id = await layers.create(parent.id)
    if (parent.state !== 'frozen') throw new TypeError('a layer that is not frozen became a parent')
    model.push(new ModelLayer(id, parent))
  } catch (fault) {
    if (parent.state === 'frozen' || fault instanceof TypeError) throw fault
  }
}

async function commit (layers: Layers, target: ModelLayer, step: Step & { kind: 'commit' }): Promise<void> {
  const version = target.versionOf(step.read) + (step.isStale ? 1 : 0)
  const writes = step.writes.map(([id, n]) => ({ collection: COLLECTION, id, body: n === null ? null : { n } }))
  const { kind } = await layers.commit(target.id, makeChange({ reads: [{ collection: COLLECTION, id: step.read, version }], writes }))
  const expected = target.state !== 'writable' ? 'closed' : step.isStale ? 'conflict' : 'committed'
  if (kind !== expected) throw new Error(`${kind} instead of ${expected}`)
  if (kind === 'committed') for (const { id, body } of writes) target.write(id, body)
}

async function assertSame (layers: Layers, model: readonly ModelLayer[]): Promise<void> {
  for (const one of model) {
    const shown = one.shown()
    assertEqual(await listAll(layers, one.id, { limit: 2 }), shown)
    assertEqual(await listAll(layers, one.id, { limit: 2, order: 'descending' }), shown.toReversed())
    assertEqual(await listAll(layers, one.id, { where: { n: 1 } }), shown.filter((document) => document.body['n'] === 1))
    for (const document of shown) assertEqual(await layers.get(one.id, COLLECTION, document.id), document)
  }
}

function assertEqual (found: unknown, expected: unknown): void {
  const [left, right] = [canonical(found), canonical(expected)]
  if (left !== right) throw new Error(`${left} instead of ${right}`)
}

const canonical = (value: unknown): string => JSON.stringify(value, (_, member: unknown) =>
  typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort()) : member)

void overDrivers(t, async (t, open) => {
  await t.test('layers show what a plain copy of everything would show, whatever is done to them', async () => {
    const { layers } = (await open()).stores
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }), async (steps) => {
      const model = [new ModelLayer(await layers.create(undefined))]
      for (const one of steps) await take(layers, model, one)
      await assertSame(layers, model)
    }), { numRuns: 60, seed: 20_261_124 })
  })
})
