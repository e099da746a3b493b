import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const CANDIDATES = ['/usr/bin/python3', 'python3']
const FOLDER = new URL('../fixtures/foreign/', import.meta.url)

/** What a step of a script came to: its value, or the library's error in the library's words. */
export type Outcome = { readonly value: unknown, readonly error?: never } | { readonly error: string, readonly value?: never }

/** A Python that has the modules: the distribution's first, since another one on the path may lack its packages. */
export function findPython (modules: readonly string[]): string | undefined {
  return CANDIDATES.find((path) => (!path.startsWith('/') || existsSync(path)) && spawnSync(path, ['-c', `import ${modules.join(', ')}`]).status === 0)
}

/**
 * Runs a script of test/fixtures/foreign. It is told what to do by a JSON document on its standard input, and prints one JSON
 * object with an outcome for each step; what else goes wrong is thrown with what it printed.
 */
export async function runPython (python: string, script: string, settings: object): Promise<Readonly<Record<string, Outcome>>> {
  const child = spawn(python, ['-W', 'ignore', fileURLToPath(new URL(script, FOLDER))], { env: { PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1', no_proxy: '*' } })
  child.stdin.end(JSON.stringify(settings))
  const [output, problems, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  if (code !== 0) throw new Error(`${script} ended with ${String(code)}: ${problems || output}`)
  return JSON.parse(output) as Record<string, Outcome>
}
