import path from 'node:path'
import { parseDurationMs, Secret } from '../kernel/index.ts'
import type { Path } from './problem.ts'
import { pickBranch } from './validation/pick-branch.ts'
import { isRecord, memberSchema, type SchemaNode } from './validation/schema-node.ts'

/** Gives the directory that a relative path at a place of the configuration is relative to. */
export type BaseDirectory = (path: Path) => string

/**
 * Turns a checked document into the form that the code reads: camelCase names, durations as milliseconds under names in
 * `Ms`, secrets as `Secret`, paths absolute; deeply frozen.
 */
export function translate (schema: SchemaNode, value: unknown, baseDirectory: BaseDirectory): unknown {
  return convert(schema, value, [], baseDirectory)
}

/** The name of a key in `Config`: `on_store_loss` becomes `onStoreLoss`, a duration `window` becomes `windowMs`. */
export function translateName (name: string, schema: SchemaNode): string {
  const camel = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const isDuration = schema['x-means'] === 'duration' || schema.items?.['x-means'] === 'duration'
  return isDuration ? `${camel}Ms` : camel
}

function convert (schema: SchemaNode, value: unknown, at: Path, baseDirectory: BaseDirectory): unknown {
  if (schema.anyOf !== undefined) {
    const branch = pickBranch(schema, value, {})
    return branch.kind === 'branch' ? convert(branch.schema, value, at, baseDirectory) : value
  }
  if (Array.isArray(value)) return Object.freeze(value.map((item, index) => convert(schema.items ?? {}, item, [...at, index], baseDirectory)))
  if (isRecord(value)) return convertObject(schema, value, at, baseDirectory)
  return typeof value === 'string' ? convertText(schema, value, at, baseDirectory) : value
}

function convertObject (schema: SchemaNode, value: { readonly [name: string]: unknown }, at: Path, baseDirectory: BaseDirectory): unknown {
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => {
    const known = memberSchema(schema, name) ?? {}
    return [translateName(name, known), convert(known, member, [...at, name], baseDirectory)]
  })))
}

function convertText (schema: SchemaNode, value: string, at: Path, baseDirectory: BaseDirectory): unknown {
  const meaning = schema['x-means']
  if (meaning === 'duration') return parseDurationMs(value)
  if (meaning === 'secret') return new Secret(value)
  if (meaning === 'working-directory') return path.resolve(value)
  const isPath = (meaning === 'file' || meaning === 'directory') && value !== ''
  return isPath ? path.resolve(baseDirectory(at), value) : value
}
