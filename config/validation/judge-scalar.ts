import { formatFound, type Path, type Violation } from '../problem.ts'
import { judgeMeaning, meaningExpected } from './judge-meaning.ts'
import { typeNameOf, type SchemaNode } from './schema-node.ts'
import { didYouMean } from './suggest.ts'

/** Compares a text, number, boolean or null with its schema; at most one violation, the first that counts. */
export function judgeScalar (schema: SchemaNode, value: unknown, path: Path): Violation[] {
  const isSecret = schema['x-means'] === 'secret'
  const found = isSecret && typeof value === 'string' ? '[secret]' : formatFound(value)
  const tell = (expected: string, hint = ''): Violation[] => [{ path, part: 'value', found, expected, hint }]
  if (schema.const !== undefined) return value === schema.const ? [] : tell(describeExpected(schema))
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : tell(describeExpected(schema), enumHint(schema.enum, value))
  if (!isOfType(schema.type, value)) return tell(describeExpected(schema), typeHint(schema, value))
  if (typeof value === 'number') return isInRange(schema, value) ? [] : tell(describeExpected(schema))
  if (typeof value !== 'string') return []
  const meaning = judgeMeaning(schema, value)
  if (meaning !== undefined) return tell(meaning.expected, meaning.hint)
  return isText(schema, value) ? [] : tell(describeExpected(schema))
}

/** Says in a few words what a schema wants. */
export function describeExpected (schema: SchemaNode): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(describeExpected).join(', or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return `one of ${schema.enum.map((value) => value === '' ? '""' : String(value)).join(', ')}`
  const meaning = meaningExpected(schema)
  if (meaning !== undefined) return meaning
  switch (schema.type ?? '') {
    case 'object': return Object.keys(schema.properties ?? {}).length === 0 ? 'an object' : `an object with ${Object.keys(schema.properties ?? {}).slice(0, 12).join(', ')}`
    case 'array': return schema.items === undefined ? 'a list' : `a list of: ${describeExpected(schema.items)}`
    case 'integer':
    case 'number': return describeNumber(schema)
    case 'boolean': return 'true or false'
    case 'null': return 'null'
    case 'string': return describeText(schema)
    default: return 'another value'
  }
}

function describeNumber (schema: SchemaNode): string {
  const kind = schema.type === 'integer' ? 'a whole number' : 'a number'
  const unit = schema['x-unit'] === undefined ? '' : ` of ${schema['x-unit']}`
  if (schema.minimum !== undefined && schema.maximum !== undefined) return `${kind}${unit} from ${schema.minimum} to ${schema.maximum}`
  if (schema.minimum !== undefined) return `${kind}${unit} of at least ${schema.minimum}`
  return schema.maximum === undefined ? `${kind}${unit}` : `${kind}${unit} of at most ${schema.maximum}`
}

function describeText (schema: SchemaNode): string {
  if (schema['x-shape'] !== undefined) return schema['x-shape']
  if (schema.pattern !== undefined) return `text that matches ${schema.pattern}`
  if (schema.minLength !== undefined && schema.maxLength !== undefined) return `text of ${schema.minLength} to ${schema.maxLength} characters`
  if (schema.maxLength !== undefined) return `text of at most ${schema.maxLength} characters`
  return (schema.minLength ?? 0) > 0 ? 'text that is not empty' : 'text'
}

function isOfType (type: string | undefined, value: unknown): boolean {
  if (type === undefined) return true
  if (type === 'integer') return Number.isSafeInteger(value)
  return typeNameOf(value) === type
}

function isInRange (schema: SchemaNode, value: number): boolean {
  return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
}

function isText (schema: SchemaNode, value: string): boolean {
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) return false
  const length = [...value].length
  return length >= (schema.minLength ?? 0) && length <= (schema.maxLength ?? Infinity)
}

function enumHint (allowed: readonly unknown[], value: unknown): string {
  const words = allowed.filter((known) => typeof known === 'string')
  return typeof value === 'string' ? didYouMean(value, words) : ''
}

function typeHint (schema: SchemaNode, value: unknown): string {
  if (schema['x-means'] === 'duration' && typeof value === 'number') return `Add the unit: ${value}s or ${value}ms.`
  if (schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return `Quote it: "${String(value)}".`
  if (typeof value === 'string' && /^(-?\d+|true|false)$/.test(value)) return 'Write it without quotes.'
  return ''
}
