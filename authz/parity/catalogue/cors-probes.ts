import type { HttpRequest } from '../probe/http-client.ts'
import type { Facts, Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import { locateMetadata } from '../probe/metadata.ts'
import { shapeCors } from '../probe/shape-headers.ts'
import { withPrefix } from './request-probe.ts'

const FOREIGN = 'https://origin.parity.example'
const ENDPOINTS: ReadonlyArray<readonly [endpoint: string, method: string]> = [['token', 'POST'], ['userinfo', 'GET'], ['jwks', 'GET'], ['discovery', 'GET'], ['revocation', 'POST'], ['introspection', 'POST'], ['par', 'POST'], ['registration', 'POST']]

/** Preflights and simple requests of a page on another origin (Fetch §3.2), of nobody's and, where it is known, of the client's. */
export const corsProbes: readonly Probe[] = [
  ...ENDPOINTS.flatMap(([endpoint, method]) => [
    corsProbe(`${endpoint}_preflight`, `a preflight for the ${endpoint} endpoint`, endpoint, (session) => preflight(session, endpoint, method, FOREIGN)),
    corsProbe(`${endpoint}_simple`, `a request to the ${endpoint} endpoint from another origin`, endpoint, (session) => ({ method, url: address(session, endpoint), headers: [['origin', FOREIGN], ...(method === 'POST' ? [['content-type', 'application/x-www-form-urlencoded'] as const] : [])], ...(method === 'POST' ? { body: '' } : {}) })),
  ]),
  corsProbe('token_preflight_of_client', 'a preflight for the token endpoint from the client\'s own origin', 'token', (session) => preflight(session, 'token', 'POST', originOf(session)), ['client:redirect']),
]

function corsProbe (id: string, title: string, endpoint: string, request: (session: Session) => HttpRequest, needs: readonly string[] = []): Probe {
  return {
    id,
    area: 'cors',
    title,
    needs: [...(endpoint === 'discovery' ? [] : [`endpoint:${endpoint}`]), ...needs],
    observe: async (session): Promise<Facts> => {
      const wanted = request(session)
      const answer = await session.send(wanted)
      const origin = wanted.headers?.find(([name]) => name === 'origin')?.[1] ?? ''
      return withPrefix(`cors.${id}.`, answer.kind === 'failed' ? { failure: answer.why } : shapeCors(answer, origin))
    },
  }
}

function preflight (session: Session, endpoint: string, method: string, origin: string): HttpRequest {
  return { method: 'OPTIONS', url: address(session, endpoint), headers: [['origin', origin], ['access-control-request-method', method], ['access-control-request-headers', 'authorization,content-type,dpop']] }
}

function address (session: Session, endpoint: string): string {
  return endpoint === 'discovery' ? locateMetadata(session.side.issuer).openid : session.endpoint(endpoint)
}

function originOf ({ side }: Session): string {
  return URL.parse(side.client?.redirectUri ?? '')?.origin ?? FOREIGN
}
