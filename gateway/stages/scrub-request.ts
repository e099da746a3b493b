import { pass, refuse, type Json, type Verdict } from '../../kernel/index.ts'
import type { Scrubbed, Scrubber } from '../scrub/index.ts'
import type { Arrival, Body, BodyFacts, CallerFacts, CleanFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Takes personal data out of path, query and body before anything keeps them. A card number that is no documented test number
 * is refused with its place named and never its value (PCI DSS 4.0.1 §6.5.5); other personal data is replaced by pseudonyms
 * that are the same wherever a value occurs, so that look-ups still match.
 *
 * On the control surface cards are refused all the same, and nothing is replaced: a webhook's URL or a redirect URI must stay
 * what it is.
 *
 * @refuses personal_data_refused 422
 */
export function scrubRequest ({ scrubber }: { readonly scrubber: Scrubber }): Stage<Arrival & CallerFacts & BodyFacts, CleanFacts> {
  return {
    name: 'scrub-request',
    phase: 'payload',
    onFault: 'refuse',
    decide: ({ url, body, caller, surface }) => {
      const scope = caller.sandboxId ?? ''
      const mark = url.indexOf('?')
      const path = scrubber.scrubPath(mark === -1 ? url : url.slice(0, mark), scope)
      const query = mark === -1 ? NOTHING : scrubber.scrubQuery(url.slice(mark + 1), scope)
      const { cleanBody, scrubbed } = scrubBody(body, scope, scrubber)
      if (surface !== 'control') return settle(path, query, scrubbed, cleanBody)
      return settle(path, query, { ...scrubbed, removals: [] }, body)
    },
  }
}

const NOTHING: Scrubbed<string> = { value: '', removals: [], refusedPointers: [], cardFingerprints: [] }

function scrubBody (body: Body, scope: string, scrubber: Scrubber): { readonly cleanBody: Body, readonly scrubbed: Scrubbed<Json> } {
  if (body.kind === 'none') return { cleanBody: body, scrubbed: NOTHING }
  if (body.kind === 'json') {
    const scrubbed = scrubber.scrubJson(body.value, scope)
    return { cleanBody: scrubbed.value === body.value ? body : { kind: 'json', value: scrubbed.value }, scrubbed }
  }
  const scrubbed = body.kind === 'form' ? scrubber.scrubQuery(body.text, scope) : scrubber.scrubText(body.text, scope)
  return { cleanBody: { kind: body.kind, text: scrubbed.value }, scrubbed }
}

/** Enough to act on; a request with more of either is no accident. */
const POINTERS_MAX = 100
const FINGERPRINTS_MAX = 100

function settle (path: Scrubbed<string>, query: Scrubbed<string>, body: Scrubbed<Json>, cleanBody: Body): Verdict<CleanFacts> {
  const pointers = [...body.refusedPointers, ...query.refusedPointers, ...path.refusedPointers].slice(0, POINTERS_MAX)
  const cardFingerprints = [...body.cardFingerprints, ...query.cardFingerprints, ...path.cardFingerprints].slice(0, FINGERPRINTS_MAX)
  if (pointers.length > 0) {
    return refuse({
      code: 'personal_data_refused',
      publicDetail: 'A payment card number that is no documented test number must not enter a sandbox.',
      internalDetail: `a real-looking card number at ${pointers.join(', ')}`,
      pointers,
      evidence: { cardFingerprints },
    })
  }
  return pass({ cleanBody, cleanPath: path.value, cleanQuery: query.value, removals: [...body.removals, ...query.removals, ...path.removals], cardFingerprints })
}
