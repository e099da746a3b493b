import type { RequestFacts } from '../abuse/index.ts'
import type { AnyFacts, OutcomeFacts } from '../pipeline/facts.ts'

type Seen = AnyFacts & Partial<OutcomeFacts>

/** A request as abuse rules see it. Everything here has been scrubbed, or never held personal data. */
export function describeRequest (seen: Seen): RequestFacts {
  const { refusal, failure } = seen.outcome ?? {}
  const refusedCards = refusal?.evidence?.['cardFingerprints']
  return {
    surface: seen.surface,
    method: seen.method,
    path: seen.route?.template ?? '',
    resource: seen.cleanPath ?? seen.route?.template ?? '',
    operationId: seen.route?.operationId,
    address: seen.addressKey ?? '',
    clientId: seen.caller?.clientId,
    claimedClientId: seen.caller?.clientId ?? seen.claimedClientId ?? refusal?.claimedClientId ?? failure?.clientId,
    sandboxId: seen.caller?.sandboxId,
    username: seen.username,
    userAgent: seen.request.headers['user-agent'],
    certificateThumbprint: seen.certificate?.thumbprint,
    grantType: seen.grantType,
    cardFingerprints: Array.isArray(refusedCards) ? refusedCards as string[] : seen.cardFingerprints ?? [],
    isTriggered: failure?.isTriggered,
    body: seen.cleanBody?.kind === 'json' ? seen.cleanBody.value : undefined,
  }
}
