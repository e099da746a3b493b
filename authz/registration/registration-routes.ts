import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JsonObject } from '../../kernel/index.ts'
import { StoreUnavailable } from '../../stores/ports.ts'
import { collectBody, TOKEN_BODY_BYTES_MAX } from '../clients/read-token-request.ts'
import type { AuthorizationFailure } from '../provider/report-failures.ts'
import type { Registration } from './registration-endpoint.ts'
import { RegistrationRefused } from './registration-refused.ts'

export interface RegistrationRoutesDeps {
  readonly registration: Registration
  readonly issuer: string
  /** Path of the client registration endpoint. */
  readonly path: string
  readonly onFailure: (failure: AuthorizationFailure) => void
  /** Told of the client that a request was about, so that the request is its owner's to see. */
  readonly onClientProven?: (request: IncomingMessage, clientId: string) => void
}

interface Answer { readonly status: number, readonly body?: JsonObject, readonly challenge?: string }

/** Serves client registration (RFC 7591) and its management (RFC 7592) beside the library's endpoints. */
export function registerRegistrationRoutes (app: FastifyInstance, { registration, issuer, path, onFailure, onClientProven }: RegistrationRoutesDeps): void {
  const serve = (endpoint: string, work: (token: string, request: FastifyRequest, clientId: string) => Promise<Answer>) => async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { clientId = '' } = (request.params ?? {}) as { readonly clientId?: string }
    try {
      const answer = await work(readBearer(request), request, clientId)
      const known = answer.body?.['client_id'] ?? clientId
      if (typeof known === 'string') onClientProven?.(request.raw, known)
      return await send(reply, answer)
    } catch (error) {
      if (error instanceof StoreUnavailable) return await send(reply, { status: 503, body: { error: 'temporarily_unavailable', error_description: 'the authorization server is temporarily unavailable' } })
      if (!(error instanceof RegistrationRefused)) throw error
      onFailure({ request: request.raw, endpoint, error: error.error, detail: error.detail, ...(clientId === '' ? {} : { clientId }), ...(error.sandboxId === undefined ? {} : { sandboxId: error.sandboxId }) })
      return await send(reply, refusalOf(error, issuer, request))
    }
  }
  app.post(path, serve('registration', async (token, request) => ({ status: 201, body: await registration.register(token, await readJson(request)) })))
  app.get(`${path}/:clientId`, { exposeHeadRoute: false }, serve('client', async (token, _request, clientId) => ({ status: 200, body: await registration.read(token, clientId) })))
  app.put(`${path}/:clientId`, serve('client_update', async (token, request, clientId) => ({ status: 200, body: await registration.replace(token, clientId, await readJson(request)) })))
  app.delete(`${path}/:clientId`, serve('client_delete', async (token, _request, clientId) => {
    await registration.remove(token, clientId)
    return { status: 204 }
  }))
}

/** RFC 6750 §2.1: the header alone; a token in a query or form would be logged on its way. */
function readBearer ({ headers: { authorization } }: FastifyRequest): string {
  const token = /^bearer ([A-Za-z0-9._~+/-]{1,200}=*)$/i.exec(authorization ?? '')?.[1]
  if (token !== undefined) return token
  throw new RegistrationRefused('invalid_token', 'no access token provided', { detail: authorization === undefined ? 'no Authorization header' : 'the Authorization header holds no Bearer token (RFC 6750 §2.1)' })
}

async function readJson (request: FastifyRequest): Promise<unknown> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) throw new RegistrationRefused('invalid_client_metadata', 'client metadata must be sent as application/json (RFC 7591 §3.1)')
  const body = await collectBody(request.raw, TOKEN_BODY_BYTES_MAX)
  if (body.kind !== 'read') throw new RegistrationRefused('invalid_client_metadata', `the body is ${body.kind}: at most ${TOKEN_BODY_BYTES_MAX} bytes are read`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body.bytes))
  } catch (cause) {
    throw new RegistrationRefused('invalid_client_metadata', 'client metadata must be a JSON object (RFC 7591 §3.1)', { cause })
  }
}

/** RFC 6750 §3 for the token, where a request without credentials gets no error code; RFC 7591 §3.2.2 for the rest. */
function refusalOf (error: RegistrationRefused, issuer: string, { headers: { authorization } }: FastifyRequest): Answer {
  const body = { error: error.error, error_description: error.message }
  if (error.error !== 'invalid_token') return { status: 400, body }
  const cause = authorization === undefined ? '' : `, error="invalid_token", error_description="${error.message}"`
  return { status: 401, body, challenge: `Bearer realm="${issuer}"${cause}` }
}

function send (reply: FastifyReply, { status, body, challenge }: Answer): FastifyReply {
  reply.code(status).headers({ 'cache-control': 'no-store', pragma: 'no-cache', ...(challenge === undefined ? {} : { 'www-authenticate': challenge }) })
  return body === undefined ? reply.send() : reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}
