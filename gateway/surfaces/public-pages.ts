import type { FastifyInstance, FastifyReply } from 'fastify'
import { consoleFiles } from '../../console/index.ts'
import { errorEntry, errors, type ErrorCode } from '../../kernel/index.ts'
import type { RouteFacts } from '../pipeline/facts.ts'

const PAGE_HEADERS = {
  'content-security-policy': 'default-src \'none\'; script-src \'self\'; style-src \'self\'; img-src \'self\' data:; connect-src \'self\'; base-uri \'none\'; form-action \'none\'; frame-ancestors \'none\'',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** Serves what needs no credentials: the console's files and the documentation of each error code. */
export function registerPublicPages (scope: FastifyInstance, { documentationUrl }: { readonly documentationUrl: string }): void {
  const files = consoleFiles()
  for (const { path: file, contentType, body } of files) {
    const path = `/console/${file}`
    scope.get(path, { config: { facts: openRouteFacts(path, 'readPublicPage', 'pages') } }, (_request, reply) => reply.headers(PAGE_HEADERS).type(contentType).send(body))
  }
  const prefix = new URL(documentationUrl).pathname
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const { status, title, fix, isRetryable = false } = errorEntry(code)
    scope.get(`${prefix}${code}`, { config: { facts: openRouteFacts(`${prefix}{code}`, 'readPublicPage', 'pages') } }, (_request, reply: FastifyReply) => reply.headers(PAGE_HEADERS).send({ code, status, title, fix, retryable: isRetryable }))
  }
}

/** Facts of a route that asks for no credentials: its path, and who answers. */
export function openRouteFacts (template: string, operationId: string, api: string): RouteFacts {
  return { template, operationId, api, audiences: [], scopes: [], requireBoundToken: false, credentials: [], requestMediaTypes: [] }
}
