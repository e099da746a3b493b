import { isJsonObject, type Json, type JsonObject } from '../../../kernel/index.ts'
import type { HttpAnswer, HttpFailure } from './http-client.ts'
import type { Redactor } from './redactor.ts'
import { headerOf, shapeChallenge } from './shape-headers.ts'
import { nameMembers, parseJson, tellName } from './shape-value.ts'

export interface ShapeContext {
  readonly redactor: Redactor
  /** The origin that was asked. */
  readonly origin: string
  readonly redirectUri: string | undefined
}

/**
 * What an answer says to a client, without anything that was meant for this one request: status, kind of body, names of
 * members, error code and text (RFC 6749 §5.2), where it redirects to and by which parameters (§4.1.2.1), and its challenge.
 */
export function shapeAnswer (answer: HttpAnswer | HttpFailure, context: ShapeContext): Record<string, Json> {
  if (answer.kind === 'failed') return { failure: answer.why }
  const shared = { failure: null, status: answer.status, www_authenticate: shapeChallenge(headerOf(answer, 'www-authenticate')), allow: allowed(answer) }
  const location = answer.status >= 300 && answer.status < 400 ? headerOf(answer, 'location') : undefined
  return location === undefined ? { ...shared, redirect: null, ...shapeBody(answer, context) } : { ...shared, ...shapeRedirect(location, context) }
}

function allowed (answer: HttpAnswer): Json {
  if (answer.status !== 405) return null
  return headerOf(answer, 'allow')?.split(',').map((method) => tellName(method.trim())).sort() ?? null
}

function shapeRedirect (location: string, context: ShapeContext): Record<string, Json> {
  const target = URL.parse(location, context.origin)
  if (target === null) return { redirect: 'to nowhere' }
  const isClient = context.redirectUri !== undefined && location.startsWith(context.redirectUri)
  if (!isClient) return { redirect: target.origin === context.origin ? 'to a page of the server' : 'to another host' }
  const carrier = target.hash.length > 1 ? 'fragment' : 'query'
  const parameters = carrier === 'fragment' ? new URLSearchParams(target.hash.slice(1)) : target.searchParams
  return {
    redirect: `to the client, in the ${carrier}`,
    members: [...new Set(parameters.keys())].slice(0, 30).map(tellName).sort(),
    ...errorOf(Object.fromEntries(parameters), context),
  }
}

function shapeBody (answer: HttpAnswer, context: ShapeContext): Record<string, Json> {
  const type = (headerOf(answer, 'content-type') ?? '').toLowerCase()
  const json = type.includes('json') || /^\s*\{/.test(answer.body) ? parseJson(answer.body) : undefined
  const content = { content_type: type === '' ? null : tellType(type) }
  if (isJsonObject(json)) return { ...content, body: 'JSON object', members: 'access_token' in json ? GRANTED : nameMembers(json), ...errorOf(json, context) }
  return { ...content, body: json !== undefined ? 'JSON' : bodyKind(answer.body, type) }
}

/** What goes with a token is compared where tokens are. */
const GRANTED: readonly string[] = ['access_token', 'and what goes with it']

function tellType (type: string): string {
  const plain = type.replace(/\s+/g, '')
  return /^[\w.+-]{1,40}\/[\w.+-]{1,60}(?:;charset="?[\w-]{1,20}"?)?$/.test(plain) ? plain : 'malformed'
}

function bodyKind (body: string, type: string): string {
  if (body === '') return 'empty'
  if (type.includes('html') || /^\s*<(?:!doctype|html)/i.test(body)) return 'page'
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(body.trim()) ? 'JWT' : 'text'
}

function errorOf (members: JsonObject, { redactor }: ShapeContext): Record<string, Json> {
  const { error, error_description: description } = members
  return {
    error: typeof error === 'string' ? tellError(redactor.clean(error), error) : error === undefined ? null : 'not a string',
    description: typeof description === 'string' ? redactor.clean(description) : null,
  }
}

/** Error codes are words (RFC 6749 §5.2); what is none is told cleaned. */
function tellError (cleaned: string, error: string): string {
  return /^[a-z_.-]{1,64}$/i.test(error) && !cleaned.includes('…') ? error : cleaned
}
