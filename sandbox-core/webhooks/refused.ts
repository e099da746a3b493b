import type { ErrorCode, Refusal } from '../../kernel/index.ts'

/** A refusal as a value, for the door to render. Codes: `webhook_url_refused`, `request_invalid`, `quota_exceeded`, `resource_not_found`. */
export interface Refused { readonly kind: 'refused', readonly refusal: Refusal }

/** Makes a refusal whose cause may be told in full. `pointer` names the member of the input (RFC 6901). */
export function refused (code: ErrorCode, detail: string, pointer?: string): Refused {
  return { kind: 'refused', refusal: { code, publicDetail: detail, internalDetail: detail, ...(pointer === undefined ? {} : { pointers: [pointer] }) } }
}

/** The refusal for an id that this sandbox does not have; another sandbox's id gets the same. */
export function refusedUnknown (kind: 'webhook endpoint' | 'delivery', id: string): Refused {
  return refused('resource_not_found', `There is no ${kind} ${JSON.stringify(id.slice(0, 64))} in this sandbox.`)
}
