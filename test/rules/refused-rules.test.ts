import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { readYaml, RuleSchema } from '../../config/index.ts'
import { compileRules, type RuleDefinition } from '../../gateway/abuse/index.ts'
import { readYamlFile, writeRule } from '../support/abuse-engine.ts'

const folder = new URL('./refused/', import.meta.url)

/** The comments at the head of a file: what is told, and at which member. */
function readExpectation (name: string): { message: string, at: string } {
  const [, message = '', at = ''] = /^# expected: (.+)\n# at: (.+)\n/.exec(readFileSync(new URL(name, folder), 'utf8')) ?? []
  return { message, at }
}

t.test('each broken rule is refused at load with its id, the place of the mistake and a hint', async (t) => {
  const names = readdirSync(folder)
  t.ok(names.length > 25)
  for (const name of names) {
    const { rules, problems } = compileRules([{ file: name, value: readYamlFile<RuleDefinition>(new URL(name, folder)) }])
    const { message, at } = readExpectation(name)
    t.ok(message !== '' && problems.some((problem) => problem.message.includes(message) && problem.path.join('.') === at), `${name}: ${JSON.stringify(problems)}`)
    for (const problem of problems) {
      t.match(problem, { file: name, ruleId: 'broken' })
      t.ok((problem.hint ?? '').length > 10, `${name}: a hint`)
    }
    t.strictSame(rules, [], `${name} is not used`)
  }
})

t.test('each broken rule has the structure of a rule: its expressions alone are wrong', async (t) => {
  for (const name of readdirSync(folder)) t.match(readYaml(new URL(name, folder).pathname, RuleSchema), { kind: 'read' }, name)
})

t.test('one broken rule keeps no other from loading', async (t) => {
  const { rules, problems } = compileRules([{ file: 'a.yaml', value: writeRule({ id: 'a', when: 'nonsense' }) }, { file: 'b.yaml', value: writeRule({ id: 'b' }) }])
  t.strictSame(rules.map(({ definition }) => definition.id), ['b'])
  t.ok(problems.every(({ ruleId }) => ruleId === 'a'))
})

t.test('all mistakes of a rule are told at once', async (t) => {
  const { problems } = compileRules([{ file: 'a.yaml', value: writeRule({ when: '1', signals: { misses: { kind: 'sum', by: ['1'], window: '9d' } }, action: { kind: 'ban', scope: 'client', for: '0s' } }) }])
  t.strictSame(problems.map(({ path }) => path.join('.')).sort(), ['action.for', 'signals.misses', 'signals.misses.by.0', 'signals.misses.window', 'when'])
})

t.test('an id that two rules have is refused for the second', async (t) => {
  const { rules, problems } = compileRules([{ file: 'a.yaml', value: writeRule() }, { file: 'b.yaml', value: writeRule() }])
  t.match(problems, [{ file: 'b.yaml', path: ['id'], message: /taken by a.yaml/ }])
  t.equal(rules.length, 1)
})
