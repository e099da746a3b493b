import type { TSchema } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { formatFound, type Path, type Violation } from '../problem.ts'
import { describeExpected, judgeScalar } from './judge-scalar.ts'
import { pickBranch } from './pick-branch.ts'
import { isRecord, memberSchema, resolveReference, type Definitions, type SchemaNode } from './schema-node.ts'
import { didYouMean } from './suggest.ts'

/**
 * Compares a value with a schema and returns every difference, told for people.
 *
 * It walks objects, arrays and alternatives itself, because a validator's error list names all branches of an alternative
 * and no near miss. What it does not know it leaves to TypeBox's own check, so that nothing passes which TypeBox refuses.
 */
export function validate (schema: TSchema, value: unknown): readonly Violation[] {
  const violations: Violation[] = []
  visit(schema, value, [], { violations, definitions: {} })
  if (violations.length > 0 || Check(schema, value)) return violations
  return Errors(schema, value).slice(0, 20).map((error) => {
    const path = error.instancePath.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    return { path, part: 'value' as const, found: 'a value that does not fit', expected: `a value that ${error.message}`, hint: '' }
  })
}

interface Visit {
  readonly violations: Violation[]
  readonly definitions: Definitions
}

function visit (node: SchemaNode, value: unknown, path: Path, outer: Visit): void {
  const { schema, definitions } = resolveReference(node, outer.definitions)
  const context = { ...outer, definitions }
  if (schema.anyOf !== undefined) visitAlternatives(schema, value, path, context)
  else if (isObjectSchema(schema)) visitObject(schema, value, path, context)
  else if (schema.type === 'array') visitArray(schema, value, path, context)
  else context.violations.push(...judgeScalar(schema, value, path))
}

/** True for schemas whose members are to be walked. */
function isObjectSchema (schema: SchemaNode): boolean {
  return schema.type === 'object' || schema.properties !== undefined
}

function visitObject (schema: SchemaNode, value: unknown, path: Path, context: Visit): void {
  if (!isRecord(value)) {
    const hint = value === null ? 'Remove the key to keep the defaults, or indent its members under it.' : ''
    context.violations.push({ path, part: 'value', found: formatFound(value), expected: describeExpected(schema), hint })
    return
  }
  const names = Object.keys(value)
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) context.violations.push(missing(schema, name, path))
  }
  for (const name of names) {
    const member = memberSchema(schema, name)
    if (member === undefined) context.violations.push(unknownKey(schema, name, path, names))
    else visit(member, value[name], [...path, name], context)
  }
  if (names.length < (schema.minProperties ?? 0)) context.violations.push({ path, part: 'value', found: `${names.length} members`, expected: `at least ${schema.minProperties ?? 0}`, hint: '' })
}

function missing (schema: SchemaNode, name: string, path: Path): Violation {
  const member = schema.properties?.[name] ?? {}
  return { path: [...path, name], part: 'key', found: 'nothing', expected: describeExpected(member), hint: member.description === undefined ? `Add ${name}.` : `Add ${name}: ${member.description}` }
}

function unknownKey (schema: SchemaNode, name: string, path: Path, given: readonly string[]): Violation {
  const known = Object.keys(schema.properties ?? {})
  const free = known.filter((candidate) => !given.includes(candidate))
  const listed = known.length > 12 ? `${known.slice(0, 12).join(', ')}, ...` : known.join(', ')
  return { path: [...path, name], part: 'key', found: `the unknown key ${formatFound(name)}`, expected: known.length === 0 ? describeNames(schema) : `one of ${listed}`, hint: didYouMean(name, free.length > 0 ? free : known), isUsable: true }
}

function describeNames (schema: SchemaNode): string {
  const patterns = Object.keys(schema.patternProperties ?? {})
  return patterns.length === 0 ? 'no members' : `a name that matches ${patterns.join(' or ')}`
}

function visitArray (schema: SchemaNode, value: unknown, path: Path, context: Visit): void {
  const { violations } = context
  if (!Array.isArray(value)) {
    violations.push({ path, part: 'value', found: formatFound(value), expected: describeExpected(schema), hint: 'Write a list, [a, b], also for one value.' })
    return
  }
  if (value.length < (schema.minItems ?? 0)) violations.push({ path, part: 'value', found: formatFound(value), expected: `at least ${schema.minItems ?? 0} in the list`, hint: '' })
  if (value.length > (schema.maxItems ?? Infinity)) violations.push({ path, part: 'value', found: formatFound(value), expected: `at most ${schema.maxItems ?? 0} in the list`, hint: '' })
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const key = JSON.stringify(item)
    if (schema.uniqueItems === true && seen.has(key)) violations.push({ path: [...path, index], part: 'value', found: `${showItem(schema, item)} a second time`, expected: 'each value once', hint: 'Remove it.', isUsable: true })
    seen.add(key)
    visit(schema.items ?? {}, item, [...path, index], context)
  }
}

function showItem (schema: SchemaNode, item: unknown): string {
  return schema.items?.['x-means'] === 'secret' ? '[secret]' : formatFound(item)
}

function visitAlternatives (schema: SchemaNode, value: unknown, path: Path, context: Visit): void {
  const branch = pickBranch(schema, value, context.definitions)
  if (branch.kind === 'branch') return visit(branch.schema, value, path, context)
  if (branch.kind === 'unknown-kind') {
    const found = (value as { [name: string]: unknown })[branch.key]
    const words = branch.values.filter((known) => typeof known === 'string')
    context.violations.push({ path: [...path, branch.key], part: 'value', found: formatFound(found), expected: `one of ${branch.values.map(String).join(', ')}`, hint: typeof found === 'string' ? didYouMean(found, words) : '' })
    return
  }
  const isFitting = (schema.anyOf ?? []).some((alternative) => {
    const trial: Visit = { violations: [], definitions: context.definitions }
    visit(alternative, value, path, trial)
    return trial.violations.length === 0
  })
  if (!isFitting) context.violations.push({ path, part: 'value', found: formatFound(value), expected: describeExpected(schema), hint: '' })
}
