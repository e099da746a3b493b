import path from 'node:path'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import t from 'tap'
import Type from 'typebox'
import { loadBehaviour, loadOpenApi, loadRules, locateProblems, readYaml, shippedConfigFile } from '../../config/index.ts'
import { writeTemporary } from '../support/config-files.ts'

const closed = { additionalProperties: false }
const Action = Type.Union([
  Type.Object({ kind: Type.Literal('refuse') }, closed),
  Type.Object({ kind: Type.Literal('ban'), for: Type.String() }, closed)
])
const Schema = Type.Object({
  name: Type.String(),
  mode: Type.String({ default: 'report' }),
  action: Action,
  when: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]))
}, closed)

function read (text: string) {
  return readYaml(writeTemporary('document.yaml', text), Schema)
}

t.test('problems of an alternative are told about the one that was meant', async (t) => {
  t.match(read('name: a\naction: { kind: ban, four: 1h }'), { kind: 'refused', problems: [{ path: 'action.for', found: 'nothing' }, { path: 'action.four', hint: 'Did you mean for?' }] })
  t.match(read('name: a\naction: { kind: bann }'), { kind: 'refused', problems: [{ path: 'action.kind', expected: 'one of refuse, ban', hint: 'Did you mean ban?' }] })
})

t.test('a value that no alternative takes is refused with all that would be', async (t) => {
  t.match(read('name: a\naction: { kind: refuse }\nwhen: 5'), { kind: 'refused', problems: [{ path: 'when', found: '5', expected: 'text, or a list of: text' }] })
  t.match(read('name: a\naction: { kind: refuse }\nwhen: [5]'), { kind: 'refused', problems: [{ path: 'when[0]', hint: 'Quote it: "5".' }] })
})

t.test('a missing key is told with its description', async (t) => {
  const schema = Type.Object({ id: Type.String({ description: 'Names it.' }) })
  t.match(readYaml(writeTemporary('document.yaml', 'other: 1'), schema), { kind: 'refused', problems: [{ path: 'id', line: 1, hint: 'Add id: Names it.' }] })
})

t.test('what the walker does not know is still refused by the schema', async (t) => {
  const schema = Type.Object({ size: Type.Number({ multipleOf: 5 }) })
  t.match(readYaml(writeTemporary('document.yaml', 'size: 7'), schema), { kind: 'refused', problems: [{ path: 'size' }] })
})

t.test('a recursive schema is followed to its end', async (t) => {
  const Tree = Type.Cyclic({ Tree: Type.Object({ value: Type.Integer(), next: Type.Optional(Type.Ref('Tree')) }, closed) }, 'Tree')
  t.match(readYaml(writeTemporary('document.yaml', 'value: 1\nnext: { value: 2, next: { value: x } }'), Tree), { kind: 'refused', problems: [{ path: 'next.next.value', found: '"x"' }] })
  t.equal(readYaml(writeTemporary('document.yaml', 'value: 1\nnext: { value: 2 }'), Tree).kind, 'read')
})

t.test('a read document has its defaults, is frozen, and finds its lines', async (t) => {
  const outcome = read('# first\nname: a\naction:\n  kind: ban\n  for: 1h\n')
  if (outcome.kind !== 'read') {
    t.fail('it was refused')
    return
  }
  t.same(outcome.value, { name: 'a', mode: 'report', action: { kind: 'ban', for: '1h' } })
  t.ok(Object.isFrozen(outcome.value.action))
  t.match(outcome.locate(['action', 'for']), { line: 5, column: 8 })
  t.match(outcome.locate(['action', 'nothing', 'there']), { line: 3 })
})

t.test('problems found while compiling are given their place', async (t) => {
  const outcome = read('name: a\naction: { kind: refuse }\nwhen: 1 +\n')
  if (outcome.kind !== 'read') {
    t.fail('it was refused')
    return
  }
  t.match(locateProblems(outcome, [{ path: ['when'], message: 'a CEL expression of type bool', hint: 'It ends too early.' }]), [
    { file: outcome.file, line: 3, column: 7, path: 'when', found: '"1 +"', expected: 'a CEL expression of type bool', hint: 'It ends too early.' }
  ])
})

t.test('keys of an alias, numbers as keys and JSON are read as plain data', async (t) => {
  const schema = Type.Unknown()
  t.match(readYaml(writeTemporary('document.yaml', 'base: &b { x: 1 }\ncopy: *b\n200: ok\n1.0: one'), schema), { value: { base: { x: 1 }, copy: { x: 1 }, 200: 'ok', '1.0': 'one' } })
  t.match(readYaml(writeTemporary('document.json', '{"a": [1, null, {"b": "\\u00e9"}]}'), schema), { value: { a: [1, null, { b: 'é' }] } })
})

t.test('every problem of every rule of a directory is told', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'sandgate-rules-'))
  writeFileSync(path.join(directory, 'b.yaml'), 'id: b\n')
  writeFileSync(path.join(directory, 'a.yaml'), 'id: [\n')
  writeFileSync(path.join(directory, 'README.md'), 'no rule')
  const outcome = loadRules(directory)
  if (outcome.kind !== 'refused') {
    t.fail('they were read')
    return
  }
  t.ok(outcome.problems.length > 2)
  t.same([...new Set(outcome.problems.map(({ file }) => path.basename(file)))], ['a.yaml', 'b.yaml'])
})

t.test('a directory of rules that does not exist is refused', async (t) => {
  t.match(loadRules('/nowhere/rules'), { kind: 'refused', problems: [{ found: 'no such directory' }] })
})

t.test('a document of another version of OpenAPI is refused', async (t) => {
  t.match(loadOpenApi(writeTemporary('openapi.yaml', 'swagger: "2.0"\npaths: {}')), { kind: 'refused', problems: [{ path: 'openapi' }] })
})

t.test('the shipped rules, behaviour and OpenAPI document are read', async (t) => {
  const directory = path.dirname(shippedConfigFile)
  t.equal(loadRules(path.join(directory, 'rules')).kind, 'read')
  t.equal(loadBehaviour(path.join(directory, 'apis/payments/behaviour.yaml')).kind, 'read')
  t.equal(loadOpenApi(path.join(directory, 'apis/payments/openapi.yaml')).kind, 'read')
})
