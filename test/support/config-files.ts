import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadConfig, type Config, type LoadOptions, type LoadOutcome } from '../../config/index.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'sandgate-config-'))

/** Writes a file into a directory of this test run and returns its path. */
export function writeTemporary (name: string, text: string | Buffer): string {
  const file = path.join(directory, name)
  writeFileSync(file, text)
  return file
}

/** Loads a configuration from text. */
export function loadText (text: string, options: Partial<LoadOptions> = {}): LoadOutcome {
  return loadConfig({ file: writeTemporary('sandgate.yaml', text), environment: {}, ...options })
}

/** Loads a configuration that must be accepted. */
export function loadAccepted (text: string, options: Partial<LoadOptions> = {}): Config {
  const outcome = loadText(text, options)
  if (outcome.kind === 'loaded') return outcome.config
  throw new Error(outcome.problems.map(({ path: key, found, expected }) => `${key}: found ${found}, expected ${expected}`).join('\n'))
}

/** The keys that a configuration is refused for, in the order in which they are told. */
export function refusedPaths (outcome: LoadOutcome): readonly string[] {
  return outcome.kind === 'refused' ? outcome.problems.map(({ path: key }) => key) : []
}
