import { isRecord, type SchemaNode } from '../validation/schema-node.ts'

/**
 * Reads a text from the environment or a flag as what the schema wants: a number, true or false, or a list (JSON, or
 * values between commas). Text that does not fit is returned as it is, so that the check tells what is wrong with it.
 */
export function coerce (schema: SchemaNode, text: string): unknown {
  const type = schema.type
  if (type === 'integer' || type === 'number') return /^-?\d{1,16}$/.test(text.trim()) ? Number(text) : text
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  if (type === 'array') return coerceList(schema, text)
  return type === 'object' ? parseJson(text, isRecord) ?? text : text
}

function coerceList (schema: SchemaNode, text: string): unknown {
  const trimmed = text.trim()
  if (trimmed.startsWith('[')) return parseJson(trimmed, Array.isArray) ?? text
  if (trimmed === '') return []
  return trimmed.split(',').map((item) => coerce(schema.items ?? {}, item.trim()))
}

function parseJson (text: string, isWanted: (value: unknown) => boolean): unknown {
  try {
    const value: unknown = JSON.parse(text, (key, member: unknown) => key === '__proto__' ? undefined : member)
    return isWanted(value) ? value : undefined
  } catch {
    return undefined
  }
}
