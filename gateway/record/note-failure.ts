import type { Logger } from 'pino'
import type { AuthorizationFailure } from '../../authz/index.ts'
import type { Failure } from '../pipeline/facts.ts'
import type { Metrics } from './metrics.ts'

/** What a failure of the authorization server is noted on: the request's passage. */
interface Noted { failure: Failure | undefined, readonly facts: { readonly requestId?: string } }

/**
 * Notes why the authorization server refused a request, for its record. One that has no explanation of its own is counted and
 * logged, so that it gets one.
 */
export function createFailureNotes ({ metrics, logger }: { readonly metrics: Pick<Metrics, 'countUnexplained'>, readonly logger: Pick<Logger, 'warn'> }): (noted: Noted, failure: AuthorizationFailure) => void {
  return (noted, { error, detail, endpoint, clientId, sandboxId, explanation, isProven = noted.failure?.isProven, isTriggered, isUncatalogued }) => {
    noted.failure = {
      error,
      detail,
      ...(clientId === undefined ? {} : { clientId }),
      ...(sandboxId === undefined ? {} : { sandboxId }),
      ...(explanation === undefined ? {} : { explanation }),
      ...(isProven === undefined ? {} : { isProven }),
      ...(isTriggered === undefined ? {} : { isTriggered }),
    }
    if (isUncatalogued !== true) return
    metrics.countUnexplained(endpoint, error)
    logger.warn({ id: noted.facts.requestId, endpoint, error, detail }, 'a failure has no explanation of its own')
  }
}
