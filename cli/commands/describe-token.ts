import { hash } from 'node:crypto'
import { labelled, tabulate } from '../wrap-text.ts'

interface Moment { readonly at: string, readonly event: string, readonly token: string, readonly kind: string, readonly [member: string]: unknown }
interface TokenSummary { readonly name: string, readonly kind: string, readonly status: string, readonly client_id: string, readonly subject: string | null, readonly grant: string, readonly issued_at: string, readonly expires_at: string }

export interface TokenBody extends TokenSummary {
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly binding: { readonly kind: string, readonly thumbprint: string } | null
  readonly timeline: readonly Moment[]
  readonly family: readonly TokenSummary[]
  readonly family_timeline: readonly Moment[]
}

const OPAQUE = /^[\w-]{43}$/
/** Before a digest that is given as such. */
const DIGEST = 'digest:'

/**
 * What a token is called: the `jti` of a JWT, the digest of an opaque one, or a name that was given as such. A text of 43
 * characters may be an opaque token or a digest, so it is digested, because a token must not be sent; `digest:` says that it is one.
 */
export function nameToken (given: string): string | undefined {
  const text = given.trim().replace(/^(?:bearer|dpop) /i, '')
  if (text.startsWith(DIGEST)) return text.slice(DIGEST.length)
  const parts = text.split('.')
  if (parts.length === 3) return readJti(parts[1] ?? '')
  if (/^[0-9a-z]{1,11}\.[\w-]+$/.test(text)) return text
  return OPAQUE.test(text) ? hash('sha256', text, 'base64url') : undefined
}

function readJti (payload: string): string | undefined {
  try {
    const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly jti?: unknown }
    return typeof jti === 'string' && jti !== '' ? jti : undefined
  } catch {
    return undefined
  }
}

/** The life of a token, and of everything of the same grant, as a person reads it. */
export function describeToken (token: TokenBody): string[] {
  const isFamily = token.family.length > 1
  return [
    `${nameOf(token.kind)} ${argumentOf(token.name)}: ${token.status}`,
    ...labelled('Client', token.client_id),
    ...labelled('User', token.subject ?? undefined),
    ...labelled('Grant', token.grant),
    ...labelled('Scopes', token.scopes.join(' ')),
    ...labelled('For', token.audiences.join(', ')),
    ...labelled('Bound', token.binding === null ? 'to nothing' : `to a ${token.binding.kind === 'dpop' ? 'DPoP key' : 'certificate'}, ${token.binding.thumbprint}`),
    ...labelled('Expires', token.expires_at),
    '',
    ...tabulate((isFamily ? token.family_timeline : token.timeline).map((moment) => [moment.at, ...(isFamily ? [`${nameOf(moment.kind)} ${short(moment.token)}${moment.token === token.name ? ' *' : ''}`] : []), moment.event, detailsOf(moment)])),
  ]
}

function nameOf (kind: string): string {
  return kind.replaceAll('_', ' ')
}

function short (name: string): string {
  return name.length <= 12 ? name : `${name.slice(0, 12)}…`
}

function detailsOf (moment: Moment): string {
  const { code, by, count, last, request } = moment
  return [
    text(code),
    text(by) === '' ? '' : `by ${text(by)}`,
    typeof count === 'number' && count > 1 ? `${count} times, last at ${text(last)}` : '',
    text(request) === '' ? '' : `request ${text(request)}`,
  ].filter((part) => part !== '').join(' · ')
}

function text (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** How to name a token to `sandgate token`. */
export function argumentOf (name: string): string {
  return name.includes('.') ? name : `${DIGEST}${name}`
}
