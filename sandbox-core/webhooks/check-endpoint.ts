import type { Json } from '../../kernel/index.ts'
import type { EndpointInput } from './endpoints.ts'
import type { DestinationGuard } from './guard-destination.ts'
import { isEventFilter } from './match-event.ts'
import { refused, type Refused } from './refused.ts'

const FILTERS_MAX = 64
const DESCRIPTION_LENGTH_MAX = 256

interface CheckDeps { readonly guard: DestinationGuard, readonly scrubText: (text: string) => string }

/** The members that were given, as they are stored. */
export interface CheckedInput { readonly kind: 'checked', readonly change: { readonly [member: string]: Json } }

/**
 * Checks what an owner asks for. The host is resolved and judged as at each delivery; a name that does not resolve yet is
 * taken, since each delivery judges it again.
 */
export async function checkEndpoint (deps: CheckDeps, input: Partial<EndpointInput>): Promise<CheckedInput | Refused> {
  const change: Record<string, Json> = {}
  if (input.url !== undefined) {
    const url = await checkUrl(deps.guard, input.url)
    if (typeof url !== 'string') return url
    change['url'] = url
  }
  if (input.events !== undefined) {
    const fault = findFilterFault(input.events)
    if (fault !== undefined) return fault
    change['events'] = [...new Set(input.events)]
  }
  if (input.description !== undefined) {
    if (input.description.length > DESCRIPTION_LENGTH_MAX) return refused('request_invalid', `A description has at most ${DESCRIPTION_LENGTH_MAX} characters.`, '/description')
    change['description'] = deps.scrubText(input.description)
  }
  return { kind: 'checked', change }
}

async function checkUrl (guard: DestinationGuard, text: string): Promise<string | Refused> {
  const judged = guard.judgeUrl(text)
  if (judged.kind === 'refused') return refused('webhook_url_refused', judged.detail, '/url')
  const destination = await guard.resolve(judged.url).catch(() => undefined)
  return destination?.kind === 'refused' ? refused('webhook_url_refused', destination.detail, '/url') : judged.url.href
}

function findFilterFault (filters: readonly string[]): Refused | undefined {
  if (filters.length === 0 || filters.length > FILTERS_MAX) return refused('request_invalid', `Between 1 and ${FILTERS_MAX} event filters are accepted.`, '/events')
  const index = filters.findIndex((filter) => !isEventFilter(filter))
  return index === -1 ? undefined : refused('request_invalid', 'An event filter is a type such as payments.refunded, a group such as payments.*, or *.', `/events/${index}`)
}
