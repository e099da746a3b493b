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
    scope.get(path, { config: { facts: factsOf(path) } }, (_request, reply) => reply.headers(PAGE_HEADERS).type(contentType).send(body))
  }
  const prefix = new URL(documentationUrl).pathname
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const { status, title, fix, isRetryable = false } = errorEntry(code)
    scope.get(`${prefix}${code}`, { config: { facts: factsOf(`${prefix}{code}`) } }, (_request, reply: FastifyReply) => reply.headers(PAGE_HEADERS).send({ code, status, title, fix, retryable: isRetryable }))
  }
}

function factsOf (template: string): RouteFacts {
  return { template, operationId: 'readPublicPage', api: 'pages', audiences: [], scopes: [], requireBoundToken: false, credentials: [], requestMediaTypes: [] }
}
