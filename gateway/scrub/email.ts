import type { Claims, DetectContext } from './span.ts'

const LOCAL_LENGTH_MAX = 64
const DOMAIN_LENGTH_MAX = 253

const WHOLE_LOCAL = /^[^\s@<>"(),:;[\]\\]{1,64}$/

/** Domains that are nobody's (RFC 2606, RFC 6761): addresses there are synthetic already. */
const RESERVED_DOMAIN = /(?:^|\.)(?:example\.(?:com|org|net)|test|example|invalid|localhost)$/i

/** A file name with a density suffix, `logo@2x.png`. */
const DENSITY_SUFFIX = /^\d(?:\.\d)?x\.[a-z]{3,4}$/i

/**
 * Finds e-mail addresses (RFC 5321 in the spellings in use, and internationalised, RFC 6531) and replaces each by
 * `<hmac>@example.test`. Case does not matter, so that a look-up by `Ann@Corp.com` finds `ann@corp.com`.
 *
 * Not read as addresses: quoted local parts, address literals, `git@host:path`. Within a text the characters that delimit
 * in URLs (`/ ? # & = % { }`) end a local part; under a member's name that says e-mail they belong to it.
 */
export function detectEmails (text: string, context: DetectContext, claims: Claims): void {
  let floor = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = context.hint === 'email' && WHOLE_LOCAL.test(text.slice(0, at)) ? 0 : readLocalStart(text, at, floor)
    const end = readDomainEnd(text, at + 1)
    if (start === at || end < 0) continue
    const domain = text.slice(at + 1, end)
    if (DENSITY_SUFFIX.test(domain) || isGitRemote(text, start, at, end) || claims.isTaken(start, at, 'besides-cards')) continue
    const span = { start, end, kind: 'email' } as const
    claims.add(RESERVED_DOMAIN.test(domain) ? span : { ...span, replacement: replace(text.slice(start, end), context) })
    floor = end
  }
  if (context.hint === 'email' && floor === 0) detectByName(text, context, claims)
}

/** A value named e-mail that holds an `@` but is no address that we can read goes as a whole. */
function detectByName (text: string, context: DetectContext, claims: Claims): void {
  const at = text.indexOf('@')
  if (at > 0 && !claims.isTaken(0, text.length) && !/@localhost\b/i.test(text)) {
    claims.add({ start: 0, end: text.length, kind: 'email', replacement: replace(text, context) })
  }
}

function replace (address: string, context: DetectContext): string {
  return `${context.pseudonym('email', address.normalize('NFC').toLowerCase()).letters(16)}@example.test`
}

function readLocalStart (text: string, at: number, floor: number): number {
  let start = at
  while (start > floor && at - start < LOCAL_LENGTH_MAX && isLocal(text.charCodeAt(start - 1))) start--
  if (isLowSurrogate(text.charCodeAt(start))) start++
  if (text.charAt(start - 1) === '%' && /^[0-9a-f]{2}/i.test(text.slice(start, at))) start += 2
  while (start < at - 1 && '.\'-*`'.includes(text.charAt(start))) start++
  return start
}

function isLowSurrogate (code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}

function isLocal (code: number): boolean {
  return code > 127 || isLetterOrDigit(code) || '.!$*+-^_`|~\''.includes(String.fromCharCode(code))
}

/** The end of a domain of two labels or more, the last of them letters; -1 when there is none. */
function readDomainEnd (text: string, start: number): number {
  let end = start
  const limit = Math.min(text.length, start + DOMAIN_LENGTH_MAX)
  while (end < limit && isDomain(text.charCodeAt(end))) end++
  if (isLowSurrogate(text.charCodeAt(end))) end--
  while (end > start && '.-'.includes(text.charAt(end - 1))) end--
  const domain = text.slice(start, end)
  if (domain.startsWith('.') || domain.includes('..')) return -1
  const dot = domain.lastIndexOf('.')
  if (dot < 1) return domain.toLowerCase() === 'localhost' ? end : -1
  return /^(?:xn--[a-z0-9-]{2,59}|[a-z\u0080-\uffff]{2,63})$/i.test(domain.slice(dot + 1)) ? end : -1
}

function isDomain (code: number): boolean {
  return code > 127 || isLetterOrDigit(code) || code === 45 || code === 46
}

function isLetterOrDigit (code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

function isGitRemote (text: string, start: number, at: number, end: number): boolean {
  return text.slice(start, at) === 'git' && text.charAt(end) === ':'
}
