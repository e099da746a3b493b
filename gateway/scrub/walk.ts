import { appendPointer, type Json, type JsonObject } from '../../kernel/index.ts'
import { createMemberFacts, type MemberFacts } from './member-facts.ts'
import { hintOfName, type MemberHint } from './member-name.ts'
import type { PathMatcher } from './paths.ts'
import type { ScrubScalar } from './scrub-scalar.ts'
import type { Findings } from './scrubbed.ts'

/** Deepest value that is looked at; what lies deeper goes unseen and is therefore replaced. */
const DEPTH_MAX = 200

/** The value without what was found, or the same object; what was found is noted in `findings`. */
export type WalkJson = (value: Json, scope: string, findings: Findings) => Json

interface WalkDeps {
  readonly scalar: ScrubScalar
  readonly allow: PathMatcher
  readonly always: PathMatcher
}

interface Walk extends WalkDeps {
  readonly factsOf: (name: string) => MemberFacts
  readonly scope: string
  readonly findings: Findings
  /** The steps to the value at hand, keys already scrubbed. */
  readonly path: Array<string | number>
}

/** Members that are written anew, by their original key. */
type Changes = Map<string, { readonly key: string, readonly value: Json }>

/**
 * Makes the walk over a JSON value: once through, keys and values, copying only the objects and arrays on the way to a
 * change. Members that `allow` names are not entered; scalars below those that `always` names are replaced.
 */
export function createWalk ({ scalar, allow, always }: WalkDeps): WalkJson {
  const factsOf = createMemberFacts((name) => ({
    isClean: scalar(name, '', undefined, false) === undefined,
    isAllowed: allow.matchesName(name),
    isAlways: always.matchesName(name),
  }))
  return (value, scope, findings) => {
    const walk: Walk = { scalar, allow, always, factsOf, scope, findings, path: [] }
    return isNamed(allow, walk.path) ? value : visit(walk, value, undefined, isNamed(always, walk.path))
  }
}

function visit (walk: Walk, value: Json, hint: MemberHint | undefined, isAlways: boolean): Json {
  if (typeof value === 'string' || typeof value === 'number') {
    const found = walk.scalar(value, walk.scope, hint, isAlways)
    if (found === undefined) return value
    walk.findings.note(pointerOf(walk.path), found.kinds, found.pans)
    return found.value
  }
  if (typeof value !== 'object' || value === null) return value
  if (walk.path.length >= DEPTH_MAX) {
    walk.findings.note(pointerOf(walk.path), ['too_deep'], [])
    return null
  }
  return Array.isArray(value) ? visitArray(walk, value, hint, isAlways) : visitObject(walk, value as JsonObject, isAlways)
}

function visitArray (walk: Walk, items: readonly Json[], hint: MemberHint | undefined, isAlways: boolean): Json {
  let copy: Json[] | undefined
  for (let at = 0; at < items.length; at++) {
    const item = items[at] as Json
    walk.path.push(at)
    const scrubbed = isNamed(walk.allow, walk.path) ? item : visit(walk, item, hint, isAlways || isNamed(walk.always, walk.path))
    walk.path.pop()
    if (scrubbed !== item) (copy ??= items.slice())[at] = scrubbed
  }
  return copy ?? items
}

function visitObject (walk: Walk, object: JsonObject, isAlways: boolean): Json {
  let changed: Changes | undefined
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue
    const facts = walk.factsOf(key)
    const value = object[key] as Json
    const name = facts.isClean ? key : scrubKey(walk, key)
    walk.path.push(name)
    const scrubbed = visitMember(walk, value, name === key ? facts : walk.factsOf(name), isAlways)
    walk.path.pop()
    if (scrubbed !== value || name !== key) (changed ??= new Map()).set(key, { key: name, value: scrubbed })
  }
  return changed === undefined ? object : rebuild(object, changed)
}

function scrubKey (walk: Walk, key: string): string {
  const found = walk.scalar(key, walk.scope, undefined, false)
  if (found === undefined) return key
  const name = String(found.value)
  walk.findings.note(appendPointer(pointerOf(walk.path), name), found.kinds, found.pans)
  return name
}

function visitMember (walk: Walk, value: Json, facts: MemberFacts, isAlways: boolean): Json {
  if (facts.isAllowed || isNamed(walk.allow, walk.path)) return value
  const parent = facts.needsParent ? walk.path.at(-2) : undefined
  const hint = typeof parent === 'string' ? hintOfName('number', parent) : facts.hint
  return visit(walk, value, hint, isAlways || facts.isAlways || isNamed(walk.always, walk.path))
}

/** Whether a pattern that looks at more than the last step names the path; names alone are in the facts. */
function isNamed (matcher: PathMatcher, path: Walk['path']): boolean {
  return !matcher.isByName && matcher.matches(path)
}

function pointerOf (path: ReadonlyArray<string | number>): string {
  return path.reduce<string>(appendPointer, '')
}

/** A copy in the order of the original. Two keys that became one are told apart by a number, so that no member is lost. */
function rebuild (object: JsonObject, changed: Changes): JsonObject {
  const copy = Object.create(Object.getPrototypeOf(object) as object | null) as JsonObject
  for (const key of Object.keys(object)) {
    const change = changed.get(key)
    const wanted = change?.key ?? key
    let name = wanted
    for (let count = 2; name !== key && (Object.hasOwn(copy, name) || Object.hasOwn(object, name)); count++) name = `${wanted} (${count})`
    Object.defineProperty(copy, name, { value: change === undefined ? object[key] : change.value, enumerable: true, configurable: true, writable: true })
  }
  return copy
}
