import { isJsonObject, type Json } from '../../../kernel/index.ts'

/** Values that mean something: each side's own issuer, client id and the like, by what they are called in a shape. */
export type Roles = ReadonlyMap<string, string>

const NAMES_MAX = 60
const NAME_LENGTH_MAX = 64

/** The type and form of a value without the value: `string`, `string (issuer)`, `array of string`, `object {x5t#S256}`. */
export function shapeValue (value: Json, roles: Roles): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return roles.has(value) ? `string (${roles.get(value) ?? ''})` : 'string'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  if (typeof value === 'boolean') return 'boolean'
  if (!isJsonObject(value)) return value.length === 0 ? 'empty array' : `array of ${[...new Set(value.slice(0, NAMES_MAX).map((item) => shapeValue(item, roles)))].sort().join(' or ')}`
  return `object {${nameMembers(value).join(', ')}}`
}

/** The names of an object's members, sorted, as far as they may be told. */
export function nameMembers (value: object): string[] {
  return Object.keys(value).slice(0, NAMES_MAX).map(tellName).sort()
}

/** A name from outside, without what could be more than a name. One that is too long is not kept in part, for a part of a secret is one. */
export function tellName (name: string): string {
  const plain = name.replace(/[^\w.:/#$@+-]/g, '?')
  return plain.length > NAME_LENGTH_MAX ? '(a long name)' : plain
}

/** The shape of each member, under `prefix` and its name. */
export function shapeMembers (prefix: string, value: Json, roles: Roles): Record<string, Json> {
  if (!isJsonObject(value)) return {}
  return Object.fromEntries(Object.entries(value).slice(0, NAMES_MAX).map(([name, member]) => [`${prefix}${tellName(name)}`, shapeValue(member, roles)]))
}

/** Text as JSON, undefined when it is none. */
export function parseJson (text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
