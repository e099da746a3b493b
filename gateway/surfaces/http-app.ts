import Fastify, { type FastifyInstance } from 'fastify'
import { openDoors, type Doors, type DoorsOptions } from '../tls/doors.ts'

const PATH_PARAMETER_BYTES_MAX = 1024

/**
 * The one HTTP application behind both doors. It knows no body formats and logs nothing: the pipeline does both.
 */
export function createHttpApp (options: DoorsOptions & { readonly bodyBytesMax: number }): { readonly app: FastifyInstance, readonly doors: Doors } {
  let doors: Doors | undefined
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PATH_PARAMETER_BYTES_MAX, ignoreTrailingSlash: false, caseSensitive: true },
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

/** Reads every body of a scope into memory as bytes, up to the limit; the pipeline parses them. */
export function readBodiesAsBytes (scope: FastifyInstance): void {
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}
