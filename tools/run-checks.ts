import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * The test command: types, lint, the import table, dead code, fresh documents, then the tests. Every step runs even when an earlier one
 * failed, so that one run shows everything. Closes with one line, `N passed, N failed`, which counts assertions and steps.
 *
 * `node tools/run-checks.ts tests` runs one step; more arguments go to the test runner.
 */
interface Step { readonly name: string, readonly command: readonly string[] }

const steps: readonly Step[] = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'lint', command: ['eslint', '--max-warnings', '0', '.'] },
  { name: 'boundaries', command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'kernel', 'config', 'stores', 'certs', 'authz', 'sandbox-core', 'gateway', 'console', 'cli'] },
  { name: 'unused', command: ['knip'] },
  { name: 'docs', command: ['node', 'tools/generate-docs.ts', '--check'] },
]

const [only, ...rest] = process.argv.slice(2)
let passed = 0
let failed = 0

for (const step of steps.filter(({ name }) => only === undefined || only === name)) {
  const startedAt = Date.now()
  const code = await run(step.command, 'inherit')
  console.log(`${code === 0 ? 'ok' : 'FAILED'}  ${step.name}  (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (code === 0) passed++
  else failed++
}
if (only === undefined || only === 'tests') await runTests()
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function runTests (): Promise<void> {
  const output = join(mkdtempSync(join(tmpdir(), 'sandgate-tests-')), 'results.tap')
  const code = await run(['tap', '--reporter=terse', `--output-file=${output}`, ...rest], 'inherit')
  const { ok, notOk, skipped } = countAssertions(readFileSync(output, 'utf8'))
  passed += ok
  failed += notOk
  if (code !== 0 && notOk === 0) failed++
  for (const reason of skipped) console.log(`skipped: ${reason}`)
}

/** Counts leaf assertions of a TAP stream: lines that close a subtest would count its assertions twice. */
function countAssertions (tap: string): { readonly ok: number, readonly notOk: number, readonly skipped: readonly string[] } {
  const lines = tap.split('\n').map((line) => /^( *)(not ok|ok) \d+(?: - (.*))?$/.exec(line)).filter((match) => match !== null)
  const skipped = new Set<string>()
  let ok = 0
  let notOk = 0
  lines.forEach((line, index) => {
    const [, indent = '', verdict, title = ''] = line
    const [, earlierIndent = ''] = lines[index - 1] ?? []
    if (earlierIndent.length > indent.length) return
    const skip = / # SKIP ?(.*)$/i.exec(title)
    if (skip !== null) skipped.add(skip[1] === '' ? title : skip[1] ?? title)
    else if (verdict === 'ok' || / # TODO/i.test(title)) ok++
    else notOk++
  })
  return { ok, notOk, skipped: [...skipped] }
}

async function run (command: readonly string[], stdio: 'inherit'): Promise<number> {
  const [program = '', ...args] = command
  return await new Promise((resolve) => {
    const child = spawn(program, args, { stdio, shell: process.platform === 'win32' })
    child.on('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
}
