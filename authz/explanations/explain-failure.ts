import type { IncomingMessage } from 'node:http'
import type { Explanation } from '../../kernel/index.ts'
import { findEntry } from './catalogue.ts'
import { AUTHENTICATED_ROUTES, type CatalogueEntry, type Text } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { show } from './show.ts'

/** An explanation, and how far it may be believed. */
export interface ExplainedFailure {
  readonly explanation: Explanation
  /** False: nothing proves that the client which the request names has sent it. */
  readonly isProven: boolean
  /** False: the catalogue does not know this error, and somebody should look. */
  readonly isKnown: boolean
}

/**
 * Explains a failure of the authorization server: by its entry in the catalogue, or honestly in general words when there is none.
 *
 * @param withhold takes out of a text what the request holds of secrets; every text goes through it
 */
export function explainFailure (facts: FailureFacts, withhold: (text: string) => string): ExplainedFailure {
  const match = findEntry(facts)
  if (match === undefined) return { explanation: explainGenerally(facts, withhold), isProven: false, isKnown: false }
  const { entry, groups } = match
  return {
    explanation: render(entry, facts, groups, withhold),
    isProven: entry.isUnproven !== true && mayProveClient(facts.endpoint, facts.client?.clientAuthMethod),
    isKnown: true,
  }
}

/** Explains an error by its code and cause alone: the part of ours that reports it has read the request, and names no secret. */
export function explainStated ({ request, endpoint, error, detail, issuer, offered, nowMs }: Pick<FailureFacts, 'endpoint' | 'error' | 'detail' | 'issuer' | 'offered' | 'nowMs'> & { readonly request: IncomingMessage }): ExplainedFailure {
  const nothing = (): undefined => undefined
  return explainFailure({
    endpoint,
    error,
    detail,
    description: '',
    scope: undefined,
    method: request.method ?? '',
    url: issuer,
    issuer,
    nowMs,
    parameter: nothing,
    header: (name) => typeof request.headers[name] === 'string' ? request.headers[name] : undefined,
    member: nothing,
    client: undefined,
    certificate: undefined,
    artifact: undefined,
    offered,
  }, (text) => text)
}

/** True where a client has proved who it is by the time anything but its authentication happens: at these routes, unless it is public. */
export function mayProveClient (route: string | undefined, authMethod: string | undefined): boolean {
  return authMethod !== undefined && authMethod !== 'none' && route !== undefined && AUTHENTICATED_ROUTES.includes(route)
}

function render (entry: CatalogueEntry, facts: FailureFacts, groups: readonly string[], withhold: (text: string) => string): Explanation {
  const text = (made: Text | undefined): string | undefined => {
    const words = typeof made === 'function' ? made(facts, groups) : made
    return words === undefined || words === '' ? undefined : withhold(words)
  }
  const [seen, expected] = [text(entry.seen), text(entry.expected)]
  return {
    code: entry.code,
    endpoint: facts.endpoint,
    cause: text(entry.cause) ?? 'The request was refused.',
    ...(seen === undefined ? {} : { seen }),
    ...(expected === undefined ? {} : { expected }),
    clause: typeof entry.clause === 'function' ? entry.clause(facts) : entry.clause,
    fix: text(entry.fix) ?? 'Compare the request with the clause.',
    ...(facts.token === undefined ? {} : { token: facts.token }),
  }
}

/** For an error that the catalogue does not know: what was said, and what its OAuth code means. */
function explainGenerally ({ endpoint, error, description, detail }: FailureFacts, withhold: (text: string) => string): Explanation {
  const isFault = error === 'server_error'
  const stated = [description, isFault ? '' : detail].filter((part, index, parts) => part !== '' && parts.indexOf(part) === index).map((part) => show(part)).join(': ')
  return {
    code: isFault ? 'server_fault' : 'not_catalogued',
    endpoint,
    cause: isFault ? 'The authorization server failed; the request may be right.' : withhold(stated === '' ? `The authorization server answered ${show(error, 60)} and gave no reason.` : `${stated}.`.replace(/\.\.$/, '.')),
    clause: MEANINGS.get(error)?.[0] ?? 'RFC 6749 §5.2',
    fix: MEANINGS.get(error)?.[1] ?? 'Compare the request with the clause; tell the operator if the cause is not clear, because this error has no explanation of its own yet.',
  }
}

const MEANINGS: ReadonlyMap<string, readonly [clause: string, fix: string]> = new Map(Object.entries({
  invalid_client: ['RFC 6749 §5.2', 'Authenticate with the method the client is registered for, with its current secret, key or certificate.'],
  invalid_grant: ['RFC 6749 §5.2', 'The code, refresh token or assertion is unknown, used before, expired, or of another client, redirect_uri or key: start the grant again.'],
  invalid_request: ['RFC 6749 §5.2', 'Correct the parameter that the cause names; each may be sent once.'],
  invalid_scope: ['RFC 6749 §3.3', 'Ask only for scopes that the client is registered for.'],
  invalid_target: ['RFC 8707 §2', 'Ask for the audience of a configured API.'],
  invalid_token: ['RFC 6750 §3.1', 'Request a new access token.'],
  insufficient_scope: ['RFC 6750 §3.1', 'Request the scope that is missing.'],
  unauthorized_client: ['RFC 6749 §5.2', 'Register the client for what it asks for, or use another client.'],
  unsupported_grant_type: ['RFC 6749 §5.2', 'Use a grant that the discovery document lists.'],
  invalid_client_metadata: ['RFC 7591 §3.2.2', 'Correct the member that the cause names.'],
  invalid_software_statement: ['RFC 7591 §3.2.2', 'Use a software statement that an issuer trusted here has signed.'],
  unapproved_software_statement: ['RFC 7591 §3.2.2', 'Have the software statement approved for this server.'],
  invalid_authorization_details: ['RFC 9396 §5', 'Correct the member that the cause names.'],
  invalid_dpop_proof: ['RFC 9449 §5', 'Make a new proof for each request.'],
  use_dpop_nonce: ['RFC 9449 §8', 'Send the request again with the nonce of the DPoP-Nonce header.'],
  server_error: ['RFC 6749 §4.1.2.1', 'Report the request id to the operator.'],
  temporarily_unavailable: ['RFC 6749 §4.1.2.1', 'Try again in a moment; report the request id to the operator if it stays.'],
}))
