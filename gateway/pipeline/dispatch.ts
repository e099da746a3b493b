import { pass } from '../../kernel/index.ts'
import type { Arrival, Reply, ReplyFacts } from './facts.ts'
import type { Stage } from './stage.ts'

const UNANSWERED: Reply = { status: 500, headers: {} }

/**
 * Marks the place in the table where the route's handler answers: the core in process, an upstream, the authorization
 * server, or control. The handler hands its reply to the stages below (see fastify.ts); this stage itself is never run.
 */
export function dispatch (): Stage<Arrival, ReplyFacts> {
  return { name: 'dispatch', phase: 'dispatch', onFault: 'refuse', decide: () => pass({ reply: UNANSWERED }) }
}
