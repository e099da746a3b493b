import Type, { type Static } from 'typebox'
import type { Drift } from '../drift.ts'

/** The file of known differences: each with a reason and a date after which it counts again. */
export const AcceptSchema = Type.Object({
  accept: Type.Array(Type.Object({
    id: Type.Unsafe<string>({ type: 'string', pattern: '^[\\w:/#$@?-]+(\\.[\\w:/#$@?-]+)*(\\.?\\*)?$', description: 'Id of a difference, or the beginning of some with * at its end.', 'x-shape': 'an id such as token.expires_in, or headers.*' }),
    reason: Type.String({ minLength: 1, description: 'Why it is known and left as it is.' }),
    expires: Type.Unsafe<string>({ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'The last day on which it is accepted, as YYYY-MM-DD in UTC.', 'x-shape': 'a date as YYYY-MM-DD, in quotes' }),
  }, { additionalProperties: false }), { description: 'Known, accepted differences.' }),
}, { additionalProperties: false })

export type Acceptance = Static<typeof AcceptSchema>['accept'][number]

export interface AcceptedDrift { readonly drift: Drift, readonly reason: string, readonly expires: string }
export interface StaleAcceptance { readonly id: string, readonly reason: string, readonly expires: string, readonly why: 'has expired' | 'matches nothing' }

/** Sorts out which differences are accepted today, and which entries have had their time. */
export function applyAcceptances (drifts: readonly Drift[], acceptances: readonly Acceptance[], nowMs: number): { readonly open: readonly Drift[], readonly accepted: readonly AcceptedDrift[], readonly stale: readonly StaleAcceptance[] } {
  const today = new Date(nowMs).toISOString().slice(0, 10)
  const inForce = acceptances.filter(({ expires }) => isDate(expires) && expires >= today)
  const entryOf = (drift: Drift): Acceptance | undefined => inForce.find((entry) => isMatch(entry.id, drift.id))
  return {
    open: drifts.filter((drift) => entryOf(drift) === undefined),
    accepted: drifts.flatMap((drift) => {
      const entry = entryOf(drift)
      return entry === undefined ? [] : [{ drift, reason: entry.reason, expires: entry.expires }]
    }),
    stale: acceptances.flatMap(({ id, reason, expires }): StaleAcceptance[] => {
      if (!isDate(expires) || expires < today) return [{ id, reason, expires, why: 'has expired' }]
      return drifts.some((drift) => isMatch(id, drift.id)) ? [] : [{ id, reason, expires, why: 'matches nothing' }]
    }),
  }
}

function isMatch (pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern
}

/** A day that exists: 2026-02-30 does not, and must not last for ever. */
function isDate (text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}
