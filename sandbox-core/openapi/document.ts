import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'

/** Something of a document that Sandgate does not honour, and what happens instead. Nothing unsupported passes in silence. */
export interface SupportNote {
  /** JSON Pointer into the document. */
  readonly pointer: string
  readonly keyword: string
  readonly effect: string
}

/** Why a document or behaviour cannot be used. */
export interface CompileProblem { readonly path: string, readonly message: string, readonly hint?: string }

/** A loaded OpenAPI document. References stay references: they are followed where needed, so recursion costs nothing. */
export interface ApiDocument {
  readonly version: '3.0' | '3.1'
  readonly root: JsonObject
}

const REF_HOPS_MAX = 16
const DEPTH_MAX = 200

/**
 * Takes a parsed OpenAPI 3.0 or 3.1 document in.
 *
 * @returns the document, or every problem at once: another version, no paths, a reference to nothing, absurd nesting
 */
export function loadDocument (value: unknown): { readonly kind: 'loaded', readonly document: ApiDocument, readonly notes: readonly SupportNote[] } | { readonly kind: 'refused', readonly problems: readonly CompileProblem[] } {
  if (!isJsonObject(value)) return refused('', 'the document is not an object')
  const version = /^3\.([012])\./.exec(typeof value['openapi'] === 'string' ? `${value['openapi']}.` : '')?.[1]
  if (version === undefined) return refused('/openapi', `expected 3.0.x or 3.1.x, found ${JSON.stringify(value['openapi'] ?? null)}`)
  if (!isJsonObject(value['paths'])) return refused('/paths', 'the document has no paths')
  const problems: CompileProblem[] = []
  const notes: SupportNote[] = version === '2' ? [{ pointer: '/openapi', keyword: 'openapi', effect: 'read as 3.1' }] : []
  checkReferences(value, value, '', 0, problems, notes)
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'loaded', document: { version: version === '0' ? '3.0' : '3.1', root: value }, notes }
}

function refused (path: string, message: string): { readonly kind: 'refused', readonly problems: readonly CompileProblem[] } {
  return { kind: 'refused', problems: [{ path, message }] }
}

function checkReferences (root: JsonObject, node: Json, pointer: string, depth: number, problems: CompileProblem[], notes: SupportNote[]): void {
  if (typeof node !== 'object' || node === null) return
  if (depth > DEPTH_MAX) {
    problems.push({ path: pointer, message: `nested deeper than ${DEPTH_MAX} levels` })
    return
  }
  const reference = isJsonObject(node) ? node['$ref'] : undefined
  if (typeof reference === 'string') {
    if (!reference.startsWith('#')) notes.push({ pointer, keyword: '$ref', effect: `the external reference ${reference} is not followed: anything is accepted here` })
    else if (findPointer(root, reference.slice(1)) === undefined) problems.push({ path: `${pointer}/$ref`, message: `${reference} points to nothing` })
  }
  for (const [key, child] of Object.entries(node)) checkReferences(root, child, `${pointer}/${escapeToken(key)}`, depth + 1, problems, notes)
}

/** The value at a JSON Pointer (RFC 6901), in the fragment's percent-encoding or without; undefined when there is none. */
export function findPointer (root: Json, pointer: string): Json | undefined {
  let node: Json | undefined = root
  for (const raw of pointer.split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined
    const token = decodeToken(raw)
    if (!Object.hasOwn(node, token)) return undefined
    node = (node as JsonObject)[token]
  }
  return node
}

/** A pointer token, escaped (RFC 6901 §3). */
export function escapeToken (token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}

function decodeToken (raw: string): string {
  const text = raw.replaceAll('~1', '/').replaceAll('~0', '~')
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A node and where it really stands, after following `$ref`s. */
export interface Located { readonly node: JsonObject, readonly pointer: string }

/** Follows references from a pointer to the object that they mean; an empty object for external or endless ones. */
export function locate (document: ApiDocument, pointer: string): Located {
  let at = pointer
  for (let hops = 0; hops < REF_HOPS_MAX; hops++) {
    const node = findPointer(document.root, at)
    if (!isJsonObject(node)) return { node: {}, pointer: at }
    const reference = node['$ref']
    if (typeof reference !== 'string') return { node, pointer: at }
    if (!reference.startsWith('#')) return { node: {}, pointer: at }
    at = reference.slice(1)
  }
  return { node: {}, pointer: at }
}

/** `locate` of a child that may be absent. */
export function locateChild (document: ApiDocument, parent: Located, ...tokens: readonly (string | number)[]): Located | undefined {
  let here = parent
  for (const token of tokens) {
    const child = here.node[String(token)]
    if (child === undefined) return undefined
    if (Array.isArray(child)) here = { node: child as unknown as JsonObject, pointer: `${here.pointer}/${escapeToken(String(token))}` }
    else if (isJsonObject(child)) here = locate(document, `${here.pointer}/${escapeToken(String(token))}`)
    else return undefined
  }
  return here
}
