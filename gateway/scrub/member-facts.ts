import { hintOfName, type MemberHint } from './member-name.ts'

/** What is known of a member's name alone. */
export interface MemberFacts {
  readonly hint: MemberHint | undefined
  /** True for a name whose hint depends on its parent. */
  readonly needsParent: boolean
  /** True when the name holds nothing to scrub. */
  readonly isClean: boolean
  /** True for a name whose value is never touched, or always replaced, at any depth. */
  readonly isAllowed: boolean
  readonly isAlways: boolean
}

/** Names remembered; a body of made-up names costs the rest a look-up, not memory. */
const NAMES_MAX = 4096
const NAME_LENGTH_MAX = 128

/** Reads the names of members, each once: the names of an API are few and come again in every request. */
export function createMemberFacts (judge: (name: string) => Pick<MemberFacts, 'isClean' | 'isAllowed' | 'isAlways'>): (name: string) => MemberFacts {
  const known = new Map<string, MemberFacts>()
  return (name) => {
    const remembered = known.get(name)
    if (remembered !== undefined) return remembered
    const hint = hintOfName(name)
    const facts = { hint, needsParent: hintOfName(name, 'card') !== hint, ...judge(name) }
    if (known.size >= NAMES_MAX) known.clear()
    if (name.length <= NAME_LENGTH_MAX) known.set(name, facts)
    return facts
  }
}
