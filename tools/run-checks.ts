import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
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
  const code = await run(['tap', '--reporter=min', `--output-file=${output}`, ...rest], 'inherit')
  const results = existsSync(output) ? readFileSync(output, 'utf8') : ''
  const [totals = ''] = /^# \{ total: .*\}$/m.exec(results) ?? []
  const countOf = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
  passed += countOf('pass')
  failed += countOf('fail')
  if (code !== 0 && countOf('fail') === 0) failed++
  const reasons = new Set([...results.matchAll(/ # SKIP ?(.*)$/gmi)].map(([, reason = '']) => reason))
  for (const reason of reasons) console.log(`skipped: ${reason}`)
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
