import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * The sandbox that stands behind every peer: a map in memory, as small as one can be. It forgets at exit, validates nothing and
 * sends no events, so whatever a peer costs is the peer's; ours runs its whole core instead.
 */
export interface PeerCore {
  readonly find: (path: string) => object | undefined
  readonly create: (customer: object) => object
}

const KEPT_MAX = 1000

export function createPeerCore (customerPath: string, customer: string): PeerCore {
  const customers = new Map([[customerPath, JSON.parse(customer) as object]])
  let made = 0
  return {
    find: (path) => customers.get(path),
    create: (customer) => {
      const id = `cus_${String(made++ % KEPT_MAX).padStart(24, '0')}`
      const created = { id, object: 'customer', created: 1_700_000_000, default_payment_method: null, ...customer }
      customers.set(`/v1/customers/${id}`, created)
      return created
    },
  }
}

/** The same over node:http, for the peers that proxy. */
export function answerFrom (core: PeerCore): (request: IncomingMessage, response: ServerResponse) => void {
  const send = (response: ServerResponse, status: number, value: object): void => {
    const body = JSON.stringify(value)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  }
  return (request, response) => {
    if (request.method === 'GET') {
      const found = core.find(request.url ?? '')
      return found === undefined ? send(response, 404, { error: 'not found' }) : send(response, 200, found)
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => send(response, 201, core.create(JSON.parse(Buffer.concat(chunks).toString()) as object)))
  }
}
