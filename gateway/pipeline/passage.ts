import type { IncomingMessage } from 'node:http'
import type { Finding, Refusal, Surface } from '../../kernel/index.ts'
import type { AnyFacts, Failure, OutcomeFacts, RouteFacts } from './facts.ts'

/**
 * One request on its way: the facts that its stages add, kept in one object. Only run.ts writes facts into it; stages see it
 * through the types of the facts they need.
 */
export class Passage {
  readonly request: IncomingMessage
  readonly surface: Surface
  readonly method: string
  readonly url: string
  readonly receivedAtMs: number
  readonly route: RouteFacts | undefined
  payload: Buffer | undefined = undefined
  findings: Finding[] = []
  refusal: (Refusal & { readonly stage: string }) | undefined = undefined
  failure: Failure | undefined = undefined
  provenClientId: string | undefined = undefined
  replyHeaders: Readonly<Record<string, string>> = {}
  outcome: OutcomeFacts['outcome'] | undefined = undefined

  constructor (request: IncomingMessage, surface: Surface, route: RouteFacts | undefined, nowMs: number) {
    this.request = request
    this.surface = surface
    this.method = request.method ?? 'GET'
    this.url = request.url ?? '/'
    this.receivedAtMs = nowMs
    this.route = route
  }

  /** The facts, any of which may be missing. */
  get facts (): AnyFacts {
    return this
  }
}
