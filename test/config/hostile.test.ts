import t from 'tap'
import Type from 'typebox'
import { formatProblems, loadOpenApi, readYaml } from '../../config/index.ts'
import { loadText, writeTemporary } from '../support/config-files.ts'

/** Attack: a document that is small on disk exhausts the stack, the memory or the patience of the loader. */
const DEEP: { readonly [name: string]: string } = {
  'open brackets': `a: ${'['.repeat(100_000)}`,
  'balanced brackets': `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  'nested blocks': Array.from({ length: 600 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
  'nested sequences': `${'- '.repeat(50_000)}a`,
  'nested explicit keys': `${'? '.repeat(50_000)}a`,
  'an alias inside its own anchor': 'openapi: &a [*a]'
}

for (const [name, text] of Object.entries(DEEP)) {
  t.test(`${name} are refused as too deep, without exhausting the stack`, async (t) => {
    const outcome = loadOpenApi(writeTemporary('deep.yaml', text))
    t.match(outcome, { kind: 'refused', problems: [{ found: /^nesting deeper than/ }] })
  })
}

t.test('aliases that multiply are refused before they fill the memory', async (t) => {
  const names = [...'abcdefghijkl']
  const lines = names.map((name, index) => `${name}: &${name} [${index === 0 ? 'x' : Array.from({ length: 10 }, () => `*${names[index - 1] ?? ''}`).join(', ')}]`)
  t.match(loadOpenApi(writeTemporary('bomb.yaml', lines.join('\n'))), { kind: 'refused', problems: [{ found: /aliases that multiply/ }] })
})

t.test('the key __proto__ is refused in block, flow and quoted form, and changes no object', async (t) => {
  for (const text of ['__proto__: { polluted: 1 }', '{ __proto__: { polluted: 1 } }', '"__proto__": { polluted: 1 }', 'a: { "\\u005f_proto__": { polluted: 1 } }']) {
    t.match(loadText(text), { kind: 'refused', problems: [{ found: 'the key __proto__' }] }, text)
  }
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
})

t.test('names of inherited members are unknown keys like any other', async (t) => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
    t.match(loadText(`${name}: 1`), { kind: 'refused', problems: [{ path: name, found: `the unknown key "${name}"` }] }, name)
  }
})

t.test('inherited names cannot be set by the environment or a flag', async (t) => {
  t.equal(loadText('', { environment: { SANDGATE____PROTO____POLLUTED: '1' } }).kind, 'refused')
  t.equal(loadText('', { overrides: [{ path: '__proto__.polluted', value: '1' }] }).kind, 'refused')
  t.equal(loadText('', { overrides: [{ path: 'constructor.prototype', value: '1' }] }).kind, 'refused')
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
})

t.test('a file larger than the bound is refused unread', async (t) => {
  t.match(loadText(`# ${'x'.repeat(1_048_600)}\n`), { kind: 'refused', problems: [{ found: /^\d+ bytes$/ }] })
})

t.test('a directory and a device are no files', async (t) => {
  t.match(readYaml('/', Type.Unknown()), { kind: 'refused', problems: [{ found: 'something that is no regular file' }] })
  t.match(readYaml('/dev/zero', Type.Unknown()), { kind: 'refused', problems: [{ found: 'something that is no regular file' }] })
})

t.test('control and direction characters of a file do not reach the terminal', async (t) => {
  const outcome = loadText('listen: { public_host: "\u001b[2J\u202e\u009b" }\n"\u001b]0;x\u0007": 1\n')
  const text = outcome.kind === 'refused' ? formatProblems(outcome.problems) : ''
  t.match(text, /listen\.public_host/)
  // eslint-disable-next-line no-control-regex
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})
