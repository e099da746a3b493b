import type { HandshakeEntry, Handshakes } from '../record/index.ts'
import { explanationBody } from './request-routes.ts'
import { developerRoute, done, operatorRoute, type ControlRoute } from './route.ts'

/** TLS handshakes that failed before there was a request: all for the operator, those of one's own address for a developer. */
export function handshakeRoutes ({ handshakes }: { readonly handshakes: Pick<Handshakes, 'list'> }): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox/handshakes', operationId: 'listOwnHandshakes', summary: 'TLS handshakes from the address that asks which failed lately on this instance, with cause and fix: before HTTP there is no client to tell them by.' }, (_sandboxId, { address }) =>
      done(200, { data: handshakes.list(address).map(bodyOf) })),
  ]
}

/** For the operator. */
export function handshakeOperatorRoutes ({ handshakes }: { readonly handshakes: Pick<Handshakes, 'list'> }): readonly ControlRoute[] {
  return [
    operatorRoute({ method: 'GET', path: '/control/handshakes', operationId: 'listHandshakes', summary: 'TLS handshakes that failed lately on this instance, by address, with cause and fix; the latest first. Narrowed by `address`.' }, ({ query }) =>
      done(200, { data: handshakes.list(query.get('address') ?? undefined).map(bodyOf) })),
  ]
}

function bodyOf ({ address, door, code, firstMs, lastMs, count, explanation }: HandshakeEntry) {
  return { address, door, code, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString(), count, explanation: explanationBody(explanation) }
}
