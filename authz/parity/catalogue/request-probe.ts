import type { Json } from '../../../kernel/index.ts'
import type { HttpRequest } from '../probe/http-client.ts'
import type { Facts, Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import { shapeAnswer } from '../probe/shape-answer.ts'
import { shapeHeaders } from '../probe/shape-headers.ts'

/** A probe of one request, compared by everything that its answer says. */
export interface RequestProbe {
  readonly id: string
  readonly title: string
  /** The endpoint that is asked, by its short name; headers are compared by endpoint. */
  readonly endpoint: string
  readonly needs?: readonly string[]
  readonly request: (session: Session) => HttpRequest | Promise<HttpRequest>
}

/** Makes the probe: one request, its answer's shape under `error.<id>.`, its headers under `headers.<endpoint>.`. */
export function requestProbe ({ id, title, endpoint, needs = [], request }: RequestProbe): Probe {
  return {
    id,
    area: 'error',
    title,
    needs: [...(endpoint === 'discovery' ? [] : [`endpoint:${endpoint}`]), ...needs],
    observe: async (session) => await ask(session, id, endpoint, await request(session)),
  }
}

/** Sends a request and tells its answer's shape. */
export async function ask (session: Session, id: string, endpoint: string, request: HttpRequest): Promise<Facts> {
  const answer = await session.send(request)
  const shape = shapeAnswer(answer, { redactor: session.redactor, origin: new URL(request.url).origin, redirectUri: session.side.client?.redirectUri })
  const headers = answer.kind === 'failed' ? {} : shapeHeaders(answer)
  return { ...withPrefix(`error.${id}.`, shape), ...withPrefix(`headers.${endpoint}.`, headers) }
}

/** The same members under longer names. */
export function withPrefix (prefix: string, members: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [`${prefix}${name}`, value]))
}

/** Encodes a form. A name given twice is sent twice. */
export function encodeForm (...fields: ReadonlyArray<readonly [name: string, value: string]>): string {
  return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()
}
