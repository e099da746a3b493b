import { existsSync } from 'node:fs'
import t from 'tap'
import { loadRules } from '../../config/index.ts'
import { compileRules } from '../../gateway/abuse/index.ts'
import { readShippedRules, readYamlFile } from '../support/abuse-engine.ts'
import { playTraffic, type Observed, type Step } from '../support/abuse-traffic.ts'

const rules = readShippedRules()

function readSuite (id: string): { traffic: Record<string, Step[]>, expected: Record<string, Partial<Observed>> } {
  return {
    traffic: readYamlFile(new URL(`./${id}/traffic.yaml`, import.meta.url)),
    expected: readYamlFile(new URL(`./${id}/expected.yaml`, import.meta.url))
  }
}

t.test('no rule ships without traffic that it fires on and traffic that it leaves alone', async (t) => {
  for (const id of rules.keys()) {
    t.ok(existsSync(new URL(`./${id}/traffic.yaml`, import.meta.url)), `${id} has traffic`)
    const { traffic, expected } = readSuite(id)
    t.strictSame(Object.keys(expected).sort(), Object.keys(traffic).sort(), `${id}: each scenario has its expectation`)
    t.ok(Object.values(expected).some(({ fires }) => fires !== undefined && fires > 0), `${id} has firing traffic`)
    t.ok(Object.values(expected).some(({ fires }) => fires === 0), `${id} has benign traffic`)
  }
})

t.test('each shipped rule is in a file of its own name, fits its schema and compiles', async (t) => {
  const loaded = loadRules(new URL('../../config/rules/', import.meta.url).pathname)
  t.equal(loaded.kind, 'read', JSON.stringify(loaded))
  t.strictSame(compileRules([...rules].map(([file, value]) => ({ file, value }))).problems, [])
  for (const [file, { id }] of rules) t.equal(id, file)
})

for (const [id, rule] of rules) {
  t.test(`${id} does to its traffic what is expected`, async (t) => {
    const { traffic, expected } = readSuite(id)
    for (const [name, steps] of Object.entries(traffic)) {
      t.match(await playTraffic(rule, steps), expected[name] ?? {}, name)
    }
  })

  t.test(`${id} in report mode fires at the same request and keeps nobody out`, async (t) => {
    const { traffic, expected } = readSuite(id)
    for (const [name, steps] of Object.entries(traffic)) {
      const observed = await playTraffic(rule, steps, 'report')
      t.equal(observed.banned, 0, name)
      t.equal(observed.at, expected[name]?.at, name)
    }
  })
}
