import { readdirSync, readFileSync } from 'node:fs'
import type { JsonObject } from '../../kernel/index.ts'

const DIRECTORY = new URL('../fixtures/discovery/', import.meta.url)

/** Names of the discovery documents of real servers; test/fixtures/discovery/README.md says where they are from. */
export const discoveryNames: readonly string[] = readdirSync(DIRECTORY).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort()

export function discoveryFile (name: string): string {
  return new URL(`${name}.json`, DIRECTORY).pathname
}

export function discoveryDocument (name: string): JsonObject {
  return JSON.parse(readFileSync(discoveryFile(name), 'utf8')) as JsonObject
}
