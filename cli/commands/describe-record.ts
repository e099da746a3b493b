import { labelled } from '../wrap-text.ts'
import { argumentOf } from './describe-token.ts'

export interface ExplanationBody { readonly code: string, readonly stage?: string, readonly endpoint?: string, readonly cause: string, readonly seen?: string, readonly expected?: string, readonly clause?: string, readonly clause_url?: string, readonly fix: string, readonly token?: string }

export interface RequestSummary { readonly id: string, readonly at: string, readonly method: string, readonly path: string, readonly route: string, readonly status: number, readonly client_id: string | null, readonly proven: boolean, readonly code: string | null }

export interface RequestBody extends RequestSummary {
  readonly duration_ms: number
  readonly stage: string | null
  readonly address: string
  readonly explanation: ExplanationBody | null
  readonly findings: ReadonlyArray<{ readonly stage: string, readonly code: string, readonly detail: string }>
  readonly removals: ReadonlyArray<{ readonly pointer: string, readonly kind: string }>
}

export interface HandshakeBody { readonly address: string, readonly door: string, readonly code: string, readonly last: string, readonly count: number, readonly explanation: ExplanationBody }

/** One line of the list. */
export function rowOf ({ at, status, method, path, client_id: client, proven, code, id }: RequestSummary): string[] {
  return [at, String(status), method, path, `${client ?? '-'}${proven ? '' : ' ?'}`, code ?? '-', id]
}

/** A request as a person reads it. */
export function describeRequest (request: RequestBody): string[] {
  const { explanation, findings, removals } = request
  const failed = explanation === null ? '' : ` ${request.code ?? explanation.code}`
  return [
    `${request.method} ${request.path} → ${request.status}${failed}`,
    ...labelled('', `${request.at} · ${request.client_id === null ? 'no client' : `client ${request.client_id}${request.proven ? '' : ' (only claimed)'}`} · from ${request.address} · ${request.duration_ms} ms · ${request.id}`, { indent: 0 }),
    '',
    ...(explanation === null ? [request.status < 400 ? 'Nothing went wrong.' : 'Nothing is known beyond the status.'] : describeExplanation(explanation)),
    ...findings.flatMap(({ code, detail }) => labelled('Noted', `${code}: ${detail}`)),
    ...removals.flatMap(({ pointer, kind }) => labelled('Removed', `${kind} at ${pointer}`)),
  ]
}

export function describeExplanation ({ code, stage, endpoint, cause, seen, expected, clause, clause_url: url, fix, token }: ExplanationBody): string[] {
  return [
    ...labelled('Cause', cause),
    ...labelled('Seen', seen),
    ...labelled('Expected', expected),
    ...labelled('Clause', clause),
    ...labelled('', url),
    ...labelled('Fix', fix),
    ...labelled('Code', `${code}${stage === undefined ? '' : `, by the stage ${stage}`}${endpoint === undefined ? '' : `, at ${endpoint}`}`),
    ...labelled('Token', token === undefined ? undefined : `sandgate token ${argumentOf(token)}`),
  ]
}

export function describeHandshake ({ address, door, code, last, count, explanation }: HandshakeBody): string[] {
  return [`${last} ${door} door, from ${address}: ${code}${count === 1 ? '' : `, ${count} times`}`, ...describeExplanation(explanation), '']
}
