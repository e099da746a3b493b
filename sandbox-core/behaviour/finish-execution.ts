import type { Json, JsonObject } from '../../kernel/index.ts'
import type { Steps } from '../world/steps.ts'
import type { CelValue } from './cel-values.ts'
import { draftNew } from './draft-object.ts'
import { applySetters, type Draft, type Execution } from './execution.ts'
import { formatTime } from './format-time.ts'
import { storePostings } from './ledger.ts'
import { runChecks } from './run-rule.ts'

/** Computes members, checks invariants, and hands documents, postings and events to the transaction. */
export function * finishExecution (execution: Execution): Steps<void> {
  const drafts = [...execution.drafts.values()].filter(draft => draft.isDeleted || draft.self !== draft.before || draft.emit.size > 0)
  for (const draft of drafts) computeMembers(execution, draft)
  for (const draft of drafts) if (!draft.isDeleted) runChecks(execution, draft, draft.resource.invariants, {})
  for (const draft of drafts) storeDraft(execution, draft)
  yield * storePostings(execution)
  for (const draft of drafts) for (const type of draft.emit) yield * storeEvent(execution, draft, type)
}

function computeMembers (execution: Execution, draft: Draft): void {
  if (draft.isDeleted) return
  applySetters(execution, draft, draft.resource.computed, {})
  const { updated, format } = execution.api.conventions.time
  if (updated !== undefined && draft.before !== undefined && draft.self !== draft.before && draft.resource.inferred.shape.members.has(updated)) draft.self = { ...draft.self, [updated]: formatTime(execution.nowMs, format) }
}

function storeDraft (execution: Execution, draft: Draft): void {
  if (draft.isDeleted) execution.tx.delete(draft.resource.collection, draft.id)
  else if (draft.self !== draft.before) execution.tx.put(draft.resource.collection, draft.id, draft.self)
}

function * storeEvent (execution: Execution, subject: Draft, type: string): Steps<void> {
  const { events } = execution.api
  if (events === undefined) return
  const draft = yield * draftNew(execution, events.resource, {})
  const event = { type, object: subject.resource.toCel(subject.self), previous: previousMembers(subject) }
  for (const { member, run } of events.members) draft.self = { ...draft.self, [member]: run({ ...execution.base, event }) }
  execution.tx.put(events.resource.collection, draft.id, draft.self)
  if (execution.sandboxId === undefined || !execution.isEventWanted(execution.sandboxId, type)) return
  // The id of the job is unique across sandboxes and resets; the id of the event is not.
  execution.tx.enqueue({ queue: 'events', id: `${execution.sandboxId}/${execution.tx.layer}/${draft.id}`, dueMs: execution.realNowMs, payload: { sandbox: execution.sandboxId, event: draft.self } })
}

/** The former values of the top-level members that changed; null for a new object. */
function previousMembers (subject: Draft): CelValue {
  const { before, self } = subject
  if (before === undefined) return null
  const changed: JsonObject = Object.fromEntries(Object.entries(before).filter(([member, value]) => !isSame(value, self[member])))
  return subject.resource.toCel(changed)
}

function isSame (a: Json, b: Json | undefined): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
