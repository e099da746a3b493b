import { CARD_REMOVED, detectCards } from './card.ts'
import { detectEmails } from './email.ts'
import { decodePercent, encodePercent, findBase64 } from './encoded.ts'
import { findMatches } from './find-matches.ts'
import { detectIbans } from './iban.ts'
import type { MemberHint } from './member-name.ts'
import { detectPhones } from './phone.ts'
import { formatRemoved, type Pseudonyms } from './pseudonym.ts'
import { detectAssignedSecrets, detectSecrets } from './secret-token.ts'
import { createClaims, joinSpans, replaceSpans, type DataKind, type DetectContext, type Span } from './span.ts'
import { detectSsns } from './ssn.ts'
import { HAS_ASSIGNMENT, HAS_AT, HAS_DIGITS, HAS_FOLDABLE, HAS_LONG_TOKEN, HAS_MANY_DIGITS, HAS_PERCENT, surveyText } from './survey.ts'
import { composeViews, foldText, originalSpan, type View } from './view.ts'

/** What was found in one text. */
export interface ScannedText {
  /** The text without what was found. */
  readonly text: string
  readonly kinds: readonly DataKind[]
  /** Card numbers that are no documented test cards. */
  readonly pans: readonly string[]
}

/** Looks through one text; undefined when it is clean. */
export type ScanText = (text: string, scope: string, hint?: MemberHint) => ScannedText | undefined

/** Passes over a text until nothing more is found; each but the first only after a replacement. */
const PASSES_MAX = 4

/** What many members hold and no detector cares about. */
const PLAIN = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?)$/

const UUID = /(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])/gi

/**
 * Makes the scan of a text that everything else is built on. A replacement is scanned again until it is clean, so that
 * scrubbing twice is scrubbing once, whatever stands around it.
 *
 * Texts are read as they are (folded to plain digits and letters), with percent-escapes decoded once, and inside base64 once.
 * Not attempted: double encoding, encryption, compression, escapes of other languages (`\u0034`, `&#52;`), numbers in
 * words, or one number spread over several members.
 */
export function createTextScan (deps: { readonly pseudonyms: Pseudonyms, readonly isTestCard: (digits: string) => boolean }): ScanText {
  return (text, scope, hint) => {
    const flags = surveyText(text)
    if (flags === 0 || (text.length <= 36 && hint === undefined && PLAIN.test(text))) return undefined
    const context: DetectContext = { hint, isTestCard: deps.isTestCard, pseudonym: (kind, canonical) => deps.pseudonyms.of(scope, kind, canonical) }
    return scanUntilClean(text, flags, context)
  }
}

function scanUntilClean (text: string, firstFlags: number, context: DetectContext): ScannedText | undefined {
  const kinds: DataKind[] = []
  const pans: string[] = []
  let current = text
  for (let flags = firstFlags, pass = 0; flags !== 0; flags = surveyText(current), pass++) {
    const spans = findSpans(current, flags, context, true).filter((span) => span.replacement !== undefined)
    if (spans.length === 0) break
    for (const span of spans) {
      kinds.push(span.kind)
      for (const pan of span.pans ?? []) pans.push(pan)
    }
    current = pass === PASSES_MAX ? formatRemoved('text', context.pseudonym('text', text)) : replaceSpans(current, spans)
  }
  return kinds.length === 0 ? undefined : { text: current, kinds, pans }
}

/** Spans over `text`, in order and without overlap; those without a replacement are synthetic. */
function findSpans (text: string, flags: number, context: DetectContext, mayDecode: boolean): readonly Span[] {
  const spans = scanView((flags & HAS_FOLDABLE) === 0 ? { text } : foldText(text), text.length, flags, context)
  if (!mayDecode) return joinSpans(spans)
  const percent = (flags & HAS_PERCENT) === 0 ? [] : findPercentEncoded(text, context, spans)
  const base64 = (flags & HAS_LONG_TOKEN) === 0 ? [] : findInBase64(text, context)
  return joinSpans(percent.length + base64.length === 0 ? spans : [...spans, ...percent, ...base64])
}

function scanView (view: View, length: number, flags: number, context: DetectContext): readonly Span[] {
  const spans = detect(view.text, view.starts === undefined ? flags : surveyText(view.text), context)
  return view.starts === undefined ? spans : spans.map((span) => ({ ...span, ...originalSpan(view, span.start, span.end, length) }))
}

/** Checksums first: what they prove is not read as anything weaker. */
function detect (text: string, flags: number, context: DetectContext): readonly Span[] {
  const claims = createClaims(text.length)
  if ((flags & HAS_DIGITS) !== 0) {
    if (mayHoldUuid(text)) for (const match of findMatches(text, UUID)) claims.add({ start: match.index, end: match.index + 36, kind: 'text' })
    detectIbans(text, context, claims)
    if ((flags & HAS_MANY_DIGITS) !== 0) detectCards(text, context, claims)
  }
  if ((flags & (HAS_LONG_TOKEN | HAS_AT)) !== 0) detectSecrets(text, context, claims)
  if ((flags & HAS_ASSIGNMENT) !== 0) detectAssignedSecrets(text, context, claims)
  if ((flags & HAS_AT) !== 0) detectEmails(text, context, claims)
  if ((flags & HAS_DIGITS) !== 0) {
    detectSsns(text, context, claims)
    detectPhones(text, context, claims)
  }
  return claims.spans
}

/** Four dashes in a UUID's places: a search for them costs a tenth of the pattern's, and most texts have none. */
function mayHoldUuid (text: string): boolean {
  for (let at = text.indexOf('-', 8); at >= 0 && at + 28 <= text.length; at = text.indexOf('-', at + 1)) {
    if (text.charCodeAt(at + 5) === DASH && text.charCodeAt(at + 10) === DASH && text.charCodeAt(at + 15) === DASH) return true
  }
  return false
}

const DASH = 0x2d

function findPercentEncoded (text: string, context: DetectContext, found: readonly Span[]): readonly Span[] {
  const decoded = decodePercent(text)
  if (decoded === undefined) return []
  const plain = createClaims(text.length)
  for (const span of found) plain.add({ ...span, kind: 'text' })
  const isKnown = ({ start, end, pans }: Span): boolean => pans === undefined && plain.isTaken(start, start + 1) && plain.isTaken(end - 1, end)
  return scanView(composeViews(decoded, foldText(decoded.text)), text.length, 0, context)
    .filter((span) => span.replacement !== undefined && !isKnown(span))
    .map((span) => ({ ...span, replacement: encodePercent(span.replacement as string) }))
}

function findInBase64 (text: string, context: DetectContext): Span[] {
  return findBase64(text).flatMap((run): Span[] => {
    const flags = surveyText(run.decoded)
    const found = flags === 0 ? [] : findSpans(run.decoded, flags, context, false).filter((span) => span.replacement !== undefined)
    const [first] = found
    if (first === undefined) return []
    const pans = found.flatMap((span) => span.pans ?? [])
    if (pans.length > 0) return [{ start: run.start, end: run.end, kind: 'card', replacement: CARD_REMOVED, pans }]
    return [{ start: run.start, end: run.end, kind: first.kind, replacement: run.encode(replaceSpans(run.decoded, found)) }]
  })
}
