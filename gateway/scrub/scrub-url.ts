import { appendPointer } from '../../kernel/index.ts'
import { decodePercent, encodePercent } from './encoded.ts'
import { hintOfName, type MemberHint } from './member-name.ts'
import type { PathMatcher } from './paths.ts'
import type { ScrubScalar } from './scrub-scalar.ts'
import type { Findings } from './scrubbed.ts'
import { surveyText } from './survey.ts'

interface UrlDeps {
  readonly scalar: ScrubScalar
  readonly allow: PathMatcher
  readonly always: PathMatcher
}

/** The raw text without what was found; pairs and segments in which nothing was found stay byte for byte. */
export type ScrubUrlPart = (raw: string, scope: string, findings: Findings) => string

/**
 * Makes the scrubbing of a raw query (without `?`). Names and values are decoded as forms are (`+` is a space), leniently;
 * a pair is `/query/<name>` to patterns and in findings.
 *
 * A `+` that begins a telephone number is taken as written, since people forget to encode it.
 */
export function createQueryScrub (deps: UrlDeps): ScrubUrlPart {
  function scrubPair (pair: string, scope: string, findings: Findings): string {
    const split = pair.indexOf('=')
    const rawName = split < 0 ? pair : pair.slice(0, split)
    const decodedName = decodeForm(rawName)
    const name = deps.scalar(decodedName, scope, undefined, false)
    const path = ['query', name === undefined ? decodedName : String(name.value)]
    if (!deps.allow.isEmpty && deps.allow.matches(path)) return pair
    const pointer = path.reduce<string>(appendPointer, '')
    if (name !== undefined) findings.note(pointer, name.kinds, name.pans)
    const value = split < 0 ? undefined : scrubValue(pair.slice(split + 1), scope, hintOfName(path[1] as string), isAlwaysNamed(deps.always, path))
    if (value !== undefined) findings.note(pointer, value.kinds, value.pans)
    if (name === undefined && value === undefined) return pair
    const outName = name === undefined ? rawName : encodePercent(name.value)
    return split < 0 ? outName : `${outName}=${value === undefined ? pair.slice(split + 1) : encodePercent(value.value)}`
  }

  function scrubValue (raw: string, scope: string, hint: MemberHint | undefined, isAlways: boolean): ReturnType<ScrubScalar> {
    const decoded = /^\+\d/.test(raw) ? `+${decodeForm(raw.slice(1))}` : decodeForm(raw)
    return deps.scalar(decoded, scope, hint, isAlways)
  }

  return (raw, scope, findings) => raw.split('&').map((pair) => scrubPair(pair, scope, findings)).join('&')
}

/**
 * Makes the scrubbing of a raw path, segment by segment. A segment is `/path/<index>`, from 0; the segment before it
 * serves as its name, so that `/phone/4155552671` is read like a member.
 */
export function createPathScrub (deps: UrlDeps): ScrubUrlPart {
  const factsOf = createSegmentFacts(deps.scalar)
  return (raw, scope, findings) => {
    if (surveyText(raw) === 0) return raw
    const isRooted = raw.startsWith('/')
    const segments = (isRooted ? raw.slice(1) : raw).split('/')
    let isChanged = false
    let hint: MemberHint | undefined
    for (let at = 0; at < segments.length; at++) {
      const facts = factsOf(segments[at] as string, scope)
      const isPassed = (facts.isClean && hint === undefined) || (!deps.allow.isEmpty && deps.allow.matches(['path', at]))
      const found = isPassed ? undefined : deps.scalar(facts.plain, scope, hint, false)
      hint = found === undefined ? facts.hintForNext : hintOfName(String(found.value))
      if (found === undefined) continue
      isChanged = true
      findings.note(`/path/${at}`, found.kinds, found.pans)
      segments[at] = encodePercent(found.value)
    }
    return isChanged ? (isRooted ? '/' : '') + segments.join('/') : raw
  }
}

/** What is known of a path's segment: `isClean` without a name before it. */
interface SegmentFacts { readonly plain: string, readonly isClean: boolean, readonly hintForNext: MemberHint | undefined }

const SEGMENTS_MAX = 4096
const SEGMENT_LENGTH_MAX = 64

/** Remembers clean segments, the names and ids of which paths are made; one in which anything was found is never kept. */
function createSegmentFacts (scalar: ScrubScalar): (segment: string, scope: string) => SegmentFacts {
  const known = new Map<string, SegmentFacts>()
  return (segment, scope) => {
    const kept = known.get(segment)
    if (kept !== undefined) return kept
    const plain = decodePercent(segment)?.text ?? segment
    const isClean = scalar(plain, scope, undefined, false) === undefined
    const facts = { plain, isClean, hintForNext: hintOfName(plain) }
    if (isClean && segment.length <= SEGMENT_LENGTH_MAX) {
      if (known.size >= SEGMENTS_MAX) known.clear()
      known.set(segment, facts)
    }
    return facts
  }
}

/** `card[cvc]` and `card.cvc` are read as their last step, too. */
function isAlwaysNamed (always: PathMatcher, path: readonly string[]): boolean {
  if (always.isEmpty) return false
  if (always.matches(path)) return true
  const steps = (path[1] as string).split(/[.[\]]/).filter((step) => step !== '')
  return steps.length > 1 && always.matches(steps)
}

function decodeForm (raw: string): string {
  return decodePercent(raw, true)?.text ?? raw
}
