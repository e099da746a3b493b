import type { Json } from '../../../kernel/index.ts'
import type { Drift, Suggestion } from '../drift.ts'

export function change (path: string, value: Json, note = ''): Suggestion {
  return { path, value, note }
}

/** The texts of a list; undefined for anything else. */
export function textsOf (value: Json): readonly string[] | undefined {
  return Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === 'string') : undefined
}

/** What a member of metadata that is true or false means where it is missing: false (RFC 8414 §2 and its kin). */
export function flagOf (value: Json): boolean | undefined {
  return value === null ? false : typeof value === 'boolean' ? value : undefined
}

/** Gives a key one of two values, by whether production has something; undefined where both sides have it, or neither. */
export function switchTo (path: string, present: Json, absent: Json, note = '') {
  return ({ production, sandbox }: Drift): Suggestion | undefined => {
    const [there, here] = [isThere(production), isThere(sandbox)]
    return there === here ? undefined : change(path, there ? present : absent, note)
  }
}

function isThere (value: Json): boolean {
  return value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
}

/** A duration in the largest unit that leaves nothing over: `300` is `5m`. */
export function writeDuration (seconds: number): string {
  const unit = ([['d', 86_400], ['h', 3600], ['m', 60]] as const).find(([, size]) => seconds % size === 0)
  return unit === undefined ? `${seconds}s` : `${seconds / unit[1]}${unit[0]}`
}
