import type { Json, JsonObject } from '../../kernel/index.ts'
import type { DocumentOperation } from '../openapi/list-operations.ts'
import { createParameterReader, type ParameterViolation, type ReadParameters } from '../openapi/read-parameters.ts'
import type { Violation } from '../openapi/create-validators.ts'
import { findBodyFault } from './check-body.ts'
import type { CoreRequest } from './core-operation.ts'
import { replyOf, type CoreReply } from './execution.ts'
import type { ApiModel } from './model.ts'
import { nameMember } from './name-member.ts'

/** A valid request. */
export interface ReadRequest { readonly parameters: ReadParameters, readonly body: Json | undefined }

type Outcome = { readonly kind: 'read', readonly request: ReadRequest } | { readonly kind: 'invalid', readonly reply: CoreReply }

/** Makes the reader that checks an operation's parameters and body and answers violations in the API's own error shape, the member named. */
export function createRequestReader (api: ApiModel, operation: DocumentOperation, resource = 'object'): (request: CoreRequest) => Outcome {
  const readParameters = createParameterReader(api.document, api.validators, operation, api.conventions.isUnknownQueryRefused)
  const { requestSchema } = operation

  function checkBody (body: Json | undefined): CoreReply | undefined {
    if (requestSchema === undefined) return undefined
    if (body === undefined) return operation.isBodyRequired ? violated(api, 'required', '', 'a request body is required') : undefined
    const fault = findBodyFault(body)
    if (fault !== undefined) return violated(api, 'fault', '', `the body ${fault}`)
    const violation = api.validators.of(requestSchema, 'request')(body)
    return violation === undefined ? undefined : bodyReply(api, violation)
  }

  return request => {
    const parameters = readParameters(request)
    if (parameters.kind === 'violated') return { kind: 'invalid', reply: parameterReply(api, parameters.violation, resource) }
    const reply = checkBody(request.body)
    if (reply !== undefined) return { kind: 'invalid', reply }
    return { kind: 'read', request: { parameters: parameters.parameters, body: requestSchema === undefined ? undefined : request.body } }
  }
}

/** A path that no object can have is an object that is not there. */
function parameterReply (api: ApiModel, { place, name, keyword, message }: ParameterViolation, resource: string): CoreReply {
  return place === 'path' ? notFound(api, resource, name) : violated(api, keyword, name, message)
}

function bodyReply (api: ApiModel, violation: Violation): CoreReply {
  return violated(api, violation.keyword, nameMember(violation.pointer, api.conventions.memberStyle), violation.message)
}

/** The API's own error for something that breaks its document. */
export function violated (api: ApiModel, keyword: string, param: string, message: string): CoreReply {
  const { errors } = api.conventions
  const error = keyword === 'required' ? errors.missing : keyword === 'additionalProperties' || keyword === 'unknown' ? errors.unknown : errors.invalid
  return replyOf(api, error, { param: param === '' ? null : param.slice(0, 200), message: param === '' ? message : `${param.slice(0, 200)} ${message}` })
}

/** The API's own error for an object that this sandbox does not have, whether or not another one does. */
export function notFound (api: ApiModel, resource: string, param: string): CoreReply {
  return replyOf(api, api.conventions.errors.notFound, { param, resource, id: null, message: `No such ${resource}` })
}

/** The body's members that may be set on an object of the resource. */
export function settableMembers (body: Json | undefined, known: ReadonlyMap<string, string>, fixed: ReadonlySet<string>): JsonObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {}
  return Object.fromEntries(Object.entries(body).filter(([member]) => (known.size === 0 || known.has(member)) && !fixed.has(member)))
}
