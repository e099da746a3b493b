import type { Json } from '../../../kernel/index.ts'
import type { ImportedSetting, OpenQuestion } from './finding.ts'
import type { ImportedProfile } from './import-profile.ts'

/** The keys as YAML that loads as it stands or can be pasted into a sandgate.yaml; each line says where it came from. */
export function writeFragment ({ issuer, settings, questions, unreproduced }: ImportedProfile): string {
  const lines = [
    `# Imported from the metadata of ${plain(issuer)}. Behind each key: the metadata member that it came from.`,
    ...(unreproduced.length === 0 ? [] : [`# A sandbox will not have everything of it: \`sandgate parity import\` lists ${unreproduced.length} ${unreproduced.length === 1 ? 'difference' : 'differences'}.`]),
    ...(settings.length === 0 ? ['{}'] : writeTree(growTree(settings), '')),
    ...writeQuestions(questions),
  ]
  return `${lines.join('\n')}\n`
}

interface Tree { readonly leaves: Map<string, ImportedSetting>, readonly branches: Map<string, Tree> }

function growTree (settings: readonly ImportedSetting[]): Tree {
  const root = emptyTree()
  for (const setting of settings) {
    const steps = setting.path.split('.')
    let at = root
    for (const step of steps.slice(0, -1)) {
      const next = at.branches.get(step) ?? emptyTree()
      at.branches.set(step, next)
      at = next
    }
    at.leaves.set(steps.at(-1) ?? '', setting)
  }
  return root
}

function emptyTree (): Tree {
  return { leaves: new Map(), branches: new Map() }
}

function writeTree ({ leaves, branches }: Tree, indent: string): string[] {
  return [
    ...[...leaves].map(([key, { value, member, note }]) => `${indent}${key}: ${writeValue(value)}  # ${plain(member)}${note === '' ? '' : `: ${plain(note)}`}`),
    ...[...branches].flatMap(([key, branch]) => [`${indent}${key}:`, ...writeTree(branch, `${indent}  `)]),
  ]
}

function writeQuestions (questions: readonly OpenQuestion[]): string[] {
  return questions.length === 0 ? [] : ['', '# To fill in, because no metadata tell it:', ...questions.map(({ path, how }) => `#   ${plain(path)}: ${plain(how)}`)]
}

/**
 * A value on one line. Whatever could mean something else in YAML is quoted, and `${` is doubled so that it does not read the
 * environment.
 */
export function writeValue (value: Json): string {
  if (typeof value === 'string') return writeText(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(writeValue).join(', ')}]`
  return `{ ${Object.entries(value).map(([key, member]) => `${writeText(key)}: ${writeValue(member)}`).join(', ')} }`
}

function writeText (text: string): string {
  const isPlain = /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|y|n)$/i.test(text)
  return isPlain ? text : JSON.stringify(text.replaceAll(REFERENCE, () => `$${REFERENCE}`))
}

/** Where the configuration reads the environment. */
const REFERENCE = '$' + '{'

/** Text of another machine in a comment: one line, visible ASCII. */
function plain (text: string): string {
  return text.replaceAll('−', '-').replace(/[^\x20-\x7e§]/g, '?').slice(0, 400)
}
