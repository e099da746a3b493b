import { version, isJsonObject, type Json, type JsonObject } from '../../../kernel/index.ts'
import { createHttpClient, type HttpAnswer, type HttpClient } from '../probe/http-client.ts'
import { headerOf } from '../probe/shape-headers.ts'
import { parseJson } from '../probe/shape-value.ts'
import { httpUrl } from './import-paths.ts'
import type { Production } from './import-profile.ts'
import { isPlaceOf, locateDocuments } from './locate-documents.ts'
import { observeTransport } from './observe-transport.ts'

export interface ReadOptions {
  /** An issuer, or the address of a metadata document. */
  readonly issuer?: string
  /** The text of a metadata document, instead of asking for one; then nothing else is fetched either. */
  readonly text?: string
  /** The text of a JWKS (RFC 7517 §5), instead of asking for it. */
  readonly keysText?: string
  /** Whether to look at TLS, with connections over which nothing is sent. */
  readonly isTransportWanted: boolean
  /** Authorities that production's certificate may chain to; absent: those that the runtime trusts. */
  readonly authorityPem?: string
  readonly timeoutMs?: number
}

export type ReadFailure = {
  readonly kind: 'failed'
  /** unreachable: no HTTP answer. missing: there is no such document. unusable: there is one, and it cannot be used. */
  readonly cause: 'unreachable' | 'missing' | 'unusable'
  readonly why: string
}

export type ReadOutcome = { readonly kind: 'read', readonly production: Production } | ReadFailure

/** A metadata document is a few kilobytes; a JWKS with certificates some tens. */
export const DOCUMENT_BYTES_MAX = 524_288
const HEADER_BYTES_MAX = 65_536
const TIMEOUT_MS = 10_000

/**
 * Reads what production says of itself: its metadata (OpenID Connect Discovery §4, RFC 8414 §3), its public keys, and on demand
 * what its TLS looks like. Only the first is needed; what else cannot be had becomes a note. Redirects are not followed, because
 * both specifications want the document itself at its address.
 */
export async function readProduction (options: ReadOptions): Promise<ReadOutcome> {
  const http = createHttpClient({ userAgent: `sandgate-parity/${version}`, limits: { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, bodyBytesMax: DOCUMENT_BYTES_MAX, headerBytesMax: HEADER_BYTES_MAX }, ...(options.authorityPem === undefined ? {} : { authorityPem: options.authorityPem }) })
  try {
    return await readWith(http, options)
  } finally {
    http.close()
  }
}

async function readWith (http: HttpClient, options: ReadOptions): Promise<ReadOutcome> {
  const documents = options.text === undefined ? await fetchDocuments(options.issuer ?? '', http) : readDocument(options.text)
  if (documents.kind === 'failed') return documents
  const keys = await readKeys(options, documents.metadata, http)
  if ('failed' in keys) return { kind: 'failed', cause: 'unusable', why: keys.failed }
  const transport = options.isTransportWanted ? await observeTransport(documents.metadata) : []
  return { kind: 'read', production: { metadata: documents.metadata, keys: keys.keys, transport, notes: [...documents.notes, ...keys.notes] } }
}

type Documents = { readonly kind: 'documents', readonly metadata: JsonObject, readonly notes: readonly string[] } | ReadFailure

function readDocument (text: string): Documents {
  if (Buffer.byteLength(text) > DOCUMENT_BYTES_MAX) return unusable(`it is larger than ${DOCUMENT_BYTES_MAX} bytes, which no metadata document is`)
  const value = parseJson(text.replace(/^\ufeff/, ''))
  if (value === undefined) return unusable('it is not JSON')
  return isJsonObject(value) ? { kind: 'documents', metadata: value, notes: [] } : unusable('it is JSON, but no object of metadata')
}

async function fetchDocuments (address: string, http: HttpClient): Promise<Documents> {
  const { issuer, urls } = locateDocuments(address)
  const read: JsonObject[] = []
  const failures: ReadFailure[] = []
  for (const url of urls) {
    const outcome = await fetchDocument(url, http)
    if (outcome.kind === 'documents') read.push(outcome.metadata)
    else failures.push(outcome)
    // What does not answer once is not asked again, nor is a third place when two documents are there.
    if (read.length === 2 || (outcome.kind === 'failed' && outcome.cause === 'unreachable')) break
  }
  const [first, second] = read
  if (first === undefined) return combine(failures)
  const named = first['issuer']
  const judged = issuer === undefined ? judgePlace(named, address) : judgeIssuer(named, issuer)
  return typeof judged === 'string' ? unusable(judged) : { kind: 'documents', metadata: { ...second, ...first }, notes: [...judged, ...compareDocuments(first, second)] }
}

/** RFC 8414 §3.3: the issuer in the document is the one that was asked for. Returns notes, or why it is not. */
function judgeIssuer (named: Json | undefined, issuer: string): readonly string[] | string {
  if (named === issuer) return []
  if (isTemplate(named)) return [`The issuer in the document is a template, ${show(named)}: it stands for every tenant.`]
  if (typeof named === 'string' && named.replace(/\/$/, '') === issuer.replace(/\/$/, '')) return [`The issuer is written ${named.endsWith('/') ? 'with' : 'without'} a slash at its end in the document; clients compare it as text.`]
  const other = httpUrl(named) === undefined ? '' : `. If that one is meant, import ${show(named)}`
  return `its document names another issuer, ${show(named)}, than ${issuer} (RFC 8414 §3.3 has clients refuse that)${other}. To use the document as it is, save it and import the file`
}

function judgePlace (named: Json | undefined, address: string): readonly string[] {
  if (isTemplate(named) || (typeof named === 'string' && isPlaceOf(named, address))) return []
  return [`The document names the issuer ${show(named)}, whose documents are not at ${address} (RFC 8414 §3.3 has clients refuse that).`]
}

async function fetchDocument (url: string, http: HttpClient): Promise<Documents> {
  const answer = await http.send({ method: 'GET', url, headers: [['accept', 'application/json']] })
  if (answer.kind === 'failed') return { kind: 'failed', cause: 'unreachable', why: `${url}: ${answer.why} (${answer.code})` }
  const wrong = judgeAnswer(url, answer)
  if (wrong !== undefined) return wrong
  const outcome = readDocument(answer.body)
  return outcome.kind === 'failed' ? { ...outcome, why: `${url} answers 200, but ${outcome.why}${describeType(answer)}` } : outcome
}

/** Where no document came; undefined for one that can be read. */
function judgeAnswer (url: string, answer: HttpAnswer): ReadFailure | undefined {
  if (answer.status >= 300 && answer.status < 400) {
    const target = headerOf(answer, 'location')
    const location = target === undefined ? undefined : URL.parse(target, url)?.href.slice(0, 200)
    return unusable(`${url} redirects${location === undefined ? '' : ` to ${location}`}; metadata are answered with 200 (RFC 8414 §3.2), and redirects are not followed. If production is there, import that address`)
  }
  if (answer.status === 404 || answer.status === 410) return { kind: 'failed', cause: 'missing', why: `${url} answers ${answer.status}` }
  if (answer.status !== 200) return unusable(`${url} answers ${answer.status}`)
  return answer.isCut ? unusable(`${url} answers with more than ${DOCUMENT_BYTES_MAX} bytes, which no metadata document has`) : undefined
}

function describeType (answer: HttpAnswer): string {
  const type = headerOf(answer, 'content-type')?.split(';')[0]?.replace(/[^\w./+-]/g, '?').slice(0, 60)
  return type === undefined || type.includes('json') ? '' : ` (${type})`
}

/** Of several places without a document, the failure that says most; all of them where there is just nothing. */
function combine (failures: readonly ReadFailure[]): ReadFailure {
  const worst = failures.find(({ cause }) => cause === 'unreachable') ?? failures.find(({ cause }) => cause === 'unusable')
  return worst ?? { kind: 'failed', cause: 'missing', why: failures.map(({ why }) => why).join('; ') }
}

/** A server of many tenants may name them all: `https://login.example.com/{tenantid}/v2.0`. */
function isTemplate (named: Json | undefined): boolean {
  return typeof named === 'string' && /\{[a-z_]+\}/i.test(named)
}

function compareDocuments (first: JsonObject, second: JsonObject | undefined): string[] {
  if (second === undefined) return []
  const differing = Object.keys(second).filter((member) => Object.hasOwn(first, member) && JSON.stringify(first[member]) !== JSON.stringify(second[member])).slice(0, 20)
  return differing.length === 0 ? [] : [`Production's two documents do not say the same of ${differing.map(show).join(', ')}; that of OpenID Connect Discovery is used.`]
}

type Keys = { readonly keys: readonly JsonObject[], readonly notes: readonly string[] } | { readonly failed: string }

async function readKeys (options: ReadOptions, metadata: JsonObject, http: HttpClient): Promise<Keys> {
  if (options.keysText !== undefined) {
    const keys = keysOf(options.keysText)
    return keys === undefined ? { failed: 'the file of --jwks holds no JSON Web Key Set, {"keys": [...]} (RFC 7517 §5)' } : { keys, notes: [] }
  }
  const url = httpUrl(metadata['jwks_uri'])
  if (url === undefined) return { keys: [], notes: [] }
  if (options.text !== undefined) return { keys: [], notes: ['The keys were not read, because a file was imported: give them with --jwks to learn their algorithm and size.'] }
  const isDowngrade = url.protocol === 'http:' && httpUrl(metadata['issuer'])?.protocol === 'https:'
  const answer = isDowngrade ? undefined : await http.send({ method: 'GET', url: url.href, headers: [['accept', 'application/json']] })
  const keys = answer?.kind === 'answer' && answer.status === 200 && !answer.isCut ? keysOf(answer.body) : undefined
  if (keys !== undefined) return { keys, notes: [] }
  const why = answer === undefined ? 'it is not https' : answer.kind === 'failed' ? `${answer.why} (${answer.code})` : answer.status === 200 ? 'its answer is no JSON Web Key Set' : `it answers ${answer.status}`
  return { keys: [], notes: [`The keys at ${show(url.href)} were not read: ${why}.`] }
}

const KEYS_MAX = 100

function keysOf (text: string): readonly JsonObject[] | undefined {
  const set = parseJson(text.replace(/^\ufeff/, ''))
  return isJsonObject(set) && Array.isArray(set['keys']) ? (set['keys'] as readonly Json[]).filter(isJsonObject).slice(0, KEYS_MAX) : undefined
}

function unusable (why: string): ReadFailure {
  return { kind: 'failed', cause: 'unusable', why }
}

function show (value: Json | undefined): string {
  return typeof value === 'string' ? value.replace(/[^\x21-\x7e]/g, '?').slice(0, 200) : 'none'
}
