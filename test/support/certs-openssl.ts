import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a program in a fresh folder with the given files, and tells its exit code and everything that it printed. */
export async function runTool (program: string, parameters: string[], files: Record<string, string | Uint8Array>): Promise<{ code: number, output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'certs-'))
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    const { stdout, stderr } = await run(program, parameters, { cwd: folder })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown, stdout?: string, stderr?: string }
    return { code: typeof code === 'number' ? code : 1, output: stdout + stderr }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A reason to skip when a program is missing here, else false: the shape that tap's `skip` takes. */
export async function isMissing (program: string, parameter: string): Promise<string | false> {
  try {
    await run(program, [parameter])
    return false
  } catch (error) {
    return (error as { code?: unknown }).code === 'ENOENT' ? `${program} is not installed here: this check was skipped` : false
  }
}
