import { formatPath, type Path } from './problem.ts'
import { pickBranch } from './validation/pick-branch.ts'
import { isRecord, memberSchema, type SchemaNode } from './validation/schema-node.ts'

/** One key with the value in force and where it came from; secrets are masked. */
export interface Setting {
  readonly path: string
  /** As it would be written in JSON, which is YAML too. */
  readonly value: string
  /** A file, `environment NAME`, `flag path`, or `default`. */
  readonly origin: string
}

/** Lists every key of a document for people who ask what is in force and why. */
export function describeSettings (schema: SchemaNode, document: unknown, originOf: (path: Path) => string): readonly Setting[] {
  const settings: Setting[] = []
  const visit = (node: SchemaNode, value: unknown, path: Path): void => {
    const branch = node.anyOf === undefined ? undefined : pickBranch(node, value, {})
    if (branch?.kind === 'branch') visit(branch.schema, value, path)
    else if (isRecord(value)) for (const [name, member] of Object.entries(value)) visit(memberSchema(node, name) ?? {}, member, [...path, name])
    else if (Array.isArray(value) && value.some(isRecord)) for (const [index, item] of value.entries()) visit(node.items ?? {}, item, [...path, index])
    else settings.push({ path: formatPath(path), value: show(node, value), origin: originOf(path) })
  }
  visit(schema, document, [])
  return settings
}

function show (schema: SchemaNode, value: unknown): string {
  const isSecret = (schema['x-means'] ?? schema.items?.['x-means']) === 'secret'
  return isSecret && value !== '' && !(Array.isArray(value) && value.length === 0) ? '[secret]' : JSON.stringify(value)
}
