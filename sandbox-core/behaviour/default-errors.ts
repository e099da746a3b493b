import type { JsonObject } from '../../kernel/index.ts'
import type { Variables } from './compile-expression.ts'
import type { ErrorModel } from './model.ts'

/** The errors of an API whose behaviour declares none: problem documents (RFC 9457). Their names cannot be written in a catalogue by chance. */
export function defaultErrors (): ReadonlyArray<[string, ErrorModel]> {
  return [
    ['~invalid', problem(400, 'The request is not valid')],
    ['~not_found', problem(404, 'There is no such object')],
    ['~unexpected_state', problem(409, 'The state of the object does not allow this')],
  ]
}

function problem (status: number, title: string): ErrorModel {
  return {
    status,
    body: (variables: Variables): JsonObject => {
      const { param, message } = (variables['args'] ?? {}) as { readonly param?: string, readonly message?: string }
      return { type: 'about:blank', title, status, ...(message === undefined ? {} : { detail: message }), ...(param === undefined ? {} : { param }) }
    },
  }
}
