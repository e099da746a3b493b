import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { formatProblems, loadConfig } from '../../config/index.ts'

const DIRECTORY = path.join(import.meta.dirname, 'refused')
const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.yaml'))

/** The first four lines of a file say which problem it must give: place and key, found, expected, hint. */
function readExpected (file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, 4)
}

t.ok(files.length > 70, 'the collection of refused files is there')

for (const name of files) {
  t.test(`${name} is refused with exactly its one problem, told in full`, async (t) => {
    const file = path.join(DIRECTORY, name)
    const outcome = loadConfig({ file, environment: {} })
    if (outcome.kind !== 'refused') {
      t.fail('it was loaded')
      return
    }
    const told = outcome.problems.map(({ line, column, path: key, found, expected, hint }) => [
      `# at: ${line}:${column} ${key}`, `# found: ${found}`, `# expected: ${expected}`, `# hint: ${hint}`
    ].map((text) => text.trimEnd()))
    t.same(told, [readExpected(file)])
    t.equal(outcome.problems[0]?.file, file)
  })
}

t.test('no secret of a refused file is told', async (t) => {
  for (const name of files) {
    const outcome = loadConfig({ file: path.join(DIRECTORY, name), environment: {} })
    const text = outcome.kind === 'refused' ? formatProblems(outcome.problems) : ''
    t.notMatch(text, /hunter2/, name)
  }
})

t.test('every problem with a line shows the line and a caret under its column', async (t) => {
  for (const name of files.filter((file) => !file.startsWith('yaml-root') && !file.startsWith('yaml-tab'))) {
    const file = path.join(DIRECTORY, name)
    const outcome = loadConfig({ file, environment: {} })
    const problem = outcome.kind === 'refused' ? outcome.problems[0] : undefined
    if (problem === undefined) {
      t.fail(name)
      return
    }
    const [shown = '', caret = ''] = (problem.excerpt ?? '').split('\n')
    const source = readFileSync(file, 'utf8').split('\n')[problem.line - 1] ?? ''
    if (shown.includes('[secret]')) continue
    t.equal(caret.indexOf('^') - caret.indexOf('| ') - 1, problem.column, name)
    t.equal(shown.slice(shown.indexOf('| ') + 2), source.slice(0, 110), name)
  }
})
