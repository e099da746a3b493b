import { findMatches } from './find-matches.ts'
import { formatRemoved } from './pseudonym.ts'
import type { Claims, DataKind, DetectContext } from './span.ts'

interface TokenPattern {
  readonly kind: DataKind
  /** Bounded repeats only, so that a scan is linear. The group `secret`, when there is one, is what goes. */
  readonly pattern: RegExp
  readonly accepts?: (secret: string) => boolean
}

/** Any text that a pattern below may match holds one of these. */
const HINT = /eyJ|[sr]k_live_|A[KS]IA|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|hooks\.slack|AIza|ya29\.|GOCSPX-|npm_|sk-|SG\.|PRIVATE KEY|[Bb](?:earer|asic)|BEARER|BASIC|:\/\//

const PATTERNS: readonly TokenPattern[] = [
  { kind: 'jwt', pattern: /(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{0,2048}/g },
  { kind: 'api_key', pattern: /\b[sr]k_live_\w{10,250}/g },
  { kind: 'api_key', pattern: /\bA[KS]IA[A-Z2-7]{16}\b/g },
  { kind: 'api_key', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{30,255}|glpat-[\w-]{20,128})/g },
  { kind: 'api_key', pattern: /\b(?:xox[a-z]-[\w-]{10,250}|xapp-[\w-]{10,250})/g },
  { kind: 'api_key', pattern: /\bhooks\.slack\.com\/services\/(?<secret>[\w/]{20,128})/g },
  { kind: 'api_key', pattern: /\b(?:AIza[\w-]{35}|ya29\.[\w-]{20,1024}|GOCSPX-[\w-]{20,64})/g },
  { kind: 'api_key', pattern: /\b(?:npm_[A-Za-z0-9]{36}|sk-(?:ant-|proj-)?[\w-]{24,250}|SG\.[\w-]{16,64}\.[\w-]{16,64})/g, accepts: hasLetterAndDigit },
  { kind: 'bearer_token', pattern: /\bbearer\s{1,4}(?<secret>[\w.~+/-]{16,8192}={0,2})/gi, accepts: hasLetterAndDigit },
  { kind: 'basic_credentials', pattern: /\bbasic\s{1,4}(?<secret>[A-Za-z0-9+/_-]{6,8192}={0,2})/gi, accepts: isBasicCredentials },
  { kind: 'password', pattern: /:\/\/[^\s/:@?#"'<>]{0,128}:(?<secret>[^\s/@"'<>[\]]{1,128})@/g },
]

/** `password=…` in a text, `"password":"…"` in JSON within a text. */
const ASSIGNED = /(?<![A-Za-z])(?:password|passwd|pwd|passphrase|client_secret|api_?key|access_token|refresh_token|cvc2?|cvv2?)(?:=|"\s{0,4}:\s{0,4}")(?<secret>[^\s"'&;,<>[\]]{1,4096})/gi

const PEM_BEGIN = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g

/** Finds credentials by their form and replaces each by `[removed:kind:hmac]`; a header's scheme and a URL's host stay. */
export function detectSecrets (text: string, context: DetectContext, claims: Claims): void {
  if (!HINT.test(text)) return
  detectPrivateKeys(text, context, claims)
  for (const entry of PATTERNS) detectPattern(text, entry, context, claims)
}

/** Finds credentials by the name they are assigned to within a text. */
export function detectAssignedSecrets (text: string, context: DetectContext, claims: Claims): void {
  detectPattern(text, { kind: 'password', pattern: ASSIGNED }, context, claims)
}

function detectPattern (text: string, { kind, pattern, accepts }: TokenPattern, context: DetectContext, claims: Claims): void {
  for (const match of findMatches(text, pattern)) {
    const secret = match.groups?.['secret'] ?? match[0]
    const start = match.index + match[0].lastIndexOf(secret)
    if (claims.isTaken(start, start + secret.length) || accepts?.(secret) === false) continue
    claims.add({ start, end: start + secret.length, kind, replacement: formatRemoved(kind, context.pseudonym(kind, secret)) })
  }
}

/** From the first line of a PEM private key (RFC 7468) to its last, or to the end of the text. */
function detectPrivateKeys (text: string, context: DetectContext, claims: Claims): void {
  let from = 0
  for (const match of findMatches(text, PEM_BEGIN)) {
    if (match.index < from) continue
    const last = text.indexOf('-----END', match.index)
    const close = last < 0 ? -1 : text.indexOf('-----', last + 8)
    const end = close < 0 ? text.length : close + 5
    claims.add({ start: match.index, end, kind: 'private_key', replacement: formatRemoved('private_key', context.pseudonym('private_key', text.slice(match.index, end))) })
    from = end
  }
}

function hasLetterAndDigit (secret: string): boolean {
  return /\d/.test(secret) && /[A-Za-z]/.test(secret)
}

/** `user:password` in base64 (RFC 7617 §2). */
function isBasicCredentials (secret: string): boolean {
  return /^[\x20-\x7e]{0,512}:[\x20-\x7e]{0,512}$/.test(Buffer.from(secret, 'base64').toString('utf8'))
}
