import Fastify, { type FastifyInstance } from 'fastify'
import { openDoors, type Doors, type DoorsOptions } from '../tls/doors.ts'
import { foldOcspPath } from './certificate-pages.ts'

/**
 * The one HTTP application behind both doors. It knows no body formats and logs nothing: the pipeline does both.
 */
export function createHttpApp (options: DoorsOptions & { readonly bodyBytesMax: number }): { readonly app: FastifyInstance, readonly doors: Doors } {
  let doors: Doors | undefined
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: 'idle',
    rewriteUrl: ({ url = '/' }) => makeRoutable(foldOcspPath(url)),
    routerOptions: { maxParamLength: options.headerBytesMax, ignoreTrailingSlash: false, caseSensitive: true },
    serverFactory: (handler) => {
      doors = openDoors(handler, options)
      return doors.publicServer
    },
  }) as unknown as FastifyInstance
  if (doors === undefined) throw new Error('the HTTP application opened no doors')
  app.decorateRequest('passage', null)
  app.removeAllContentTypeParsers()
  return { app, doors }
}

/**
 * A request target that the router can decode. One that it cannot, it would answer by itself, outside the pipeline: without a
 * limit, a record or a ban. Such a path is put under one that holds NUL, which no route serves and `resolve-target` refuses.
 */
export function makeRoutable (url: string): string {
  const end = url.indexOf('?')
  const path = end === -1 ? url : url.slice(0, end)
  if (!path.includes('%')) return url
  try {
    decodeURI(path)
    return url
  } catch {
    return `/%00${path.replaceAll('%', '%25')}`
  }
}

/** Reads every body of a scope into memory as bytes, up to the limit; the pipeline parses them. */
export function readBodiesAsBytes (scope: FastifyInstance): void {
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}
