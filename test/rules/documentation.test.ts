import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { compileRules, outcomeVariables, requestVariables, type RuleDefinition } from '../../gateway/abuse/index.ts'
import { readShippedRules } from '../support/abuse-engine.ts'

const page = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8')

t.test('docs/rules.md lists every variable as it is declared, and no other', async (t) => {
  const declared = [
    ...Object.entries(requestVariables).map(([name, { type, description }]) => `| \`request.${name}\` | ${type} | ${description} |`),
    ...Object.entries(outcomeVariables).map(([name, { type, description }]) => `| \`outcome.${name}\` | ${type} | ${description} |`)
  ]
  t.strictSame(page.match(/^\| `(?:request|outcome)\..*$/gm), declared)
})

t.test('the rule that docs/rules.md explains compiles', async (t) => {
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []
  t.strictSame(compileRules([{ file: 'docs/rules.md', value: parse(text) as RuleDefinition }]).problems, [])
})

t.test('docs/rules.md names each shipped rule with its threat and mode, and no other', async (t) => {
  const shipped = [...readShippedRules().values()].map(({ id, threat, mode }) => `${id} ${threat} ${mode}`)
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \| (OAT-\d+) \| (\w+) \|/gm)].map(([, ...words]) => words.join(' '))
  t.strictSame(documented.sort(), shipped.sort())
})
