import type { JsonObject } from '../../kernel/index.ts'
import { deriveText, deriveUuid } from '../world/derive-id.ts'
import type { Steps } from '../world/steps.ts'
import { applySetters, replyOf, RequestFailed, variablesOf, type Draft, type Execution } from './execution.ts'
import { formatTime } from './format-time.ts'
import type { ResourceModel } from './model.ts'
import { textOf } from './text-of.ts'

/** Drafts a new object: its skeleton, what is given, an id and times that follow from the sandbox's seed and clock, the initial state. */
export function * draftNew (execution: Execution, resource: ResourceModel, given: JsonObject, fixedId?: string): Steps<Draft> {
  const id = fixedId ?? (yield * nextId(execution, resource))
  const { time } = execution.api.conventions
  const now = formatTime(execution.nowMs, time.format)
  const { members } = resource.inferred.shape
  const stamps = [time.created, time.updated].filter((member): member is string => member !== undefined && members.has(member)).map((member): [string, string | number] => [member, now])
  const stampMembers: JsonObject = Object.fromEntries(stamps)
  const self: JsonObject = { ...resource.skeleton, [resource.idMember]: resource.newId.kind === 'number' ? Number(id) : id, ...stampMembers, ...given }
  const draft: Draft = { resource, id, before: undefined, self, isDeleted: false, emit: new Set() }
  execution.drafts.set(draftKey(resource, id), draft)
  const { states } = resource
  if (states !== undefined && given[states.member] === undefined) draft.self = { ...draft.self, [states.member]: states.initial(variablesOf(execution, draft, {})) }
  applySetters(execution, draft, resource.set.filter(setter => given[setter.member] === undefined), {})
  return draft
}

function * nextId (execution: Execution, resource: ResourceModel): Steps<string> {
  const number = yield * execution.tx.nextNumber()
  const { newId } = resource
  if (newId.kind === 'number') return String(number)
  if (newId.kind === 'uuid') return deriveUuid(execution.seed, number)
  return newId.prefix + deriveText(execution.seed, number, newId.length)
}

/** The draft of a stored object; undefined when there is none. */
export function * draftStored (execution: Execution, resource: ResourceModel, id: string): Steps<Draft | undefined> {
  const known = execution.drafts.get(draftKey(resource, id))
  if (known !== undefined) return known.isDeleted ? undefined : known
  const body = yield * execution.tx.get(resource.collection, id)
  if (body === undefined) return undefined
  const draft: Draft = { resource, id, before: body, self: body, isDeleted: false, emit: new Set() }
  execution.drafts.set(draftKey(resource, id), draft)
  return draft
}

/** An object as the request sees it now, without drafting it. */
export function * readObject (execution: Execution, resource: ResourceModel, id: string): Steps<JsonObject | undefined> {
  const known = execution.drafts.get(draftKey(resource, id))
  if (known !== undefined) return known.isDeleted ? undefined : known.self
  return yield * execution.tx.get(resource.collection, id)
}

/** Fails unless every reference that changed names an object that exists. */
export function * checkReferences (execution: Execution, draft: Draft): Steps<void> {
  for (const { member, resource } of draft.resource.references) {
    const value = draft.self[member]
    if (value === null || value === undefined || value === draft.before?.[member]) continue
    const target = execution.api.resources.get(resource)
    const found = target === undefined ? undefined : yield * readObject(execution, target, textOf(value).slice(0, 255))
    if (found === undefined) throw new RequestFailed(replyOf(execution.api, execution.api.conventions.errors.unknownReference, { param: member, resource, id: null, message: `No such ${resource}` }))
  }
}

function draftKey (resource: ResourceModel, id: string): string {
  return `${resource.name}\n${id}`
}
