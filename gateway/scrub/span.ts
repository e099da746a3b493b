import type { MemberHint } from './member-name.ts'
import type { Pseudonym } from './pseudonym.ts'

/** What was found, as counted and reported. */
export type DataKind =
  | 'card' | 'iban' | 'email' | 'phone' | 'ssn' | 'itin'
  | 'jwt' | 'private_key' | 'api_key' | 'bearer_token' | 'basic_credentials' | 'password'
  | 'member' | 'text' | 'too_deep'

/** A stretch of a text that a detector lays claim to. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly kind: DataKind
  /** Absent when the stretch is synthetic already: it stays, and no other detector looks into it. */
  readonly replacement?: string
  /** The digits of cards that are no documented test cards. */
  readonly pans?: readonly string[]
}

/** What a detector is given beside the text. */
export interface DetectContext {
  /** What the name of the member promises, when there is one. */
  readonly hint: MemberHint | undefined
  /** A keyed pseudonym for a value in its canonical form; the same for the same scope, kind and value. */
  readonly pseudonym: (kind: DataKind, canonical: string) => Pseudonym
  readonly isTestCard: (digits: string) => boolean
}

/** The stretches of one text that are spoken for. */
export interface Claims {
  readonly spans: readonly Span[]
  readonly add: (span: Span) => void
  /** True when any character of the stretch is claimed; `besidesCards` overlooks claims by cards. */
  readonly isTaken: (start: number, end: number, besidesCards?: 'besides-cards') => boolean
}

const TAKEN = 1
const TAKEN_BY_CARD = 2

/** An empty set of claims on a text of `length` characters; a map by character keeps each question linear in the stretch. */
export function createClaims (length: number): Claims {
  const spans: Span[] = []
  let map: Uint8Array | undefined
  return {
    spans,
    add: (span) => {
      map ??= new Uint8Array(length)
      map.fill(span.kind === 'card' ? TAKEN_BY_CARD : TAKEN, span.start, span.end)
      spans.push(span)
    },
    isTaken: (start, end, besidesCards) => {
      if (map === undefined) return false
      for (let at = start; at < end; at++) if (map[at] === TAKEN || (map[at] === TAKEN_BY_CARD && besidesCards === undefined)) return true
      return false
    },
  }
}

/** Sorts spans and joins those that overlap; in a joint span a card outweighs the rest, then what stands first. */
export function joinSpans (spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans
  const joined: Span[] = []
  for (const span of [...spans].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joined.at(-1)
    if (last === undefined || span.start >= last.end) joined.push(span)
    else joined[joined.length - 1] = joinPair(last, span)
  }
  return joined
}

/** The text with each span replaced. */
export function replaceSpans (text: string, spans: readonly Span[]): string {
  let result = ''
  let from = 0
  for (const span of spans) {
    if (span.replacement === undefined) continue
    result += text.slice(from, span.start) + span.replacement
    from = span.end
  }
  return result + text.slice(from)
}

function joinPair (a: Span, b: Span): Span {
  const winner = b.pans !== undefined && a.pans === undefined ? b : a.replacement === undefined ? b : a
  const pans = [...a.pans ?? [], ...b.pans ?? []]
  return { ...winner, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end), ...(pans.length > 0 && { pans }) }
}
