import { randomFillSync } from 'node:crypto'
import { pass, type RequestId } from '../../kernel/index.ts'
import type { Arrival, RequestIdFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

const ID_BYTES = 16
const POOL_IDS = 256

/**
 * Gives the request its id: 16 random bytes in hex, never one that a client chose, because the id opens the request's record.
 * The flags of an incoming `traceparent` (W3C Trace Context §3.2) are kept for the one that goes out.
 */
export function resolveRequestId (): Stage<Arrival, RequestIdFacts> {
  const pool = Buffer.allocUnsafe(ID_BYTES * POOL_IDS)
  let used = POOL_IDS
  const nextId = (): RequestId => {
    if (used === POOL_IDS) {
      randomFillSync(pool)
      used = 0
    }
    const start = used++ * ID_BYTES
    return pool.toString('hex', start, start + ID_BYTES) as RequestId
  }
  return {
    name: 'resolve-request-id',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ request }) => pass({ requestId: nextId(), traceFlags: readTraceFlags(request.headers['traceparent']) }),
  }
}

function readTraceFlags (traceparent: string | string[] | undefined): string {
  if (typeof traceparent !== 'string') return '00'
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceparent)?.[1] ?? '00'
}
