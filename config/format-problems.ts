import type { ConfigProblem } from './problem.ts'

/**
 * Writes problems for a terminal, without colours: place and key, what was found and expected, a hint, the line with a caret.
 *
 * Control characters of the file are shown escaped, so that a hostile file cannot write to the terminal.
 */
export function formatProblems (problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return [...problems.map(formatProblem), `${count} in the configuration.`].join('\n\n').concat('\n')
}

/** Writes warnings, one line each, to be announced at start. */
export function formatWarnings (warnings: readonly ConfigProblem[]): string {
  return warnings.map(({ path, found, expected, hint }) => escapeControls(`${path} is ${found}. Expected before production: ${expected}.${hint === '' ? '' : ` ${hint}`}`)).join('\n')
}

function formatProblem (problem: ConfigProblem): string {
  const { file, line, column, path, found, expected, hint, excerpt } = problem
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const lines = [
    path === '' ? place : `${place}  ${path}`,
    `  found     ${found}`,
    `  expected  ${expected}`,
    ...(hint === '' ? [] : [`  hint      ${hint}`]),
    ...(excerpt ?? '').split('\n').filter((text) => text !== '')
  ]
  return lines.map(escapeControls).join('\n')
}

/** Escapes C0 and C1 controls, and characters that turn the direction of text. */
function escapeControls (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
