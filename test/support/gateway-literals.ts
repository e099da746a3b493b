import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { VerifiedCertificate } from '../../certs/index.ts'
import type { LimitOutcome } from '../../gateway/limits/index.ts'
import type { Arrival, RouteFacts } from '../../gateway/pipeline/facts.ts'
import type { Caller, CertificateThumbprint, ClientId, Refusal, SandboxId, Verdict } from '../../kernel/index.ts'

/** Literals that stages decide on, each with the one thing that matters changed by the test. */
export const ROUTE: RouteFacts = {
  template: '/v1/customers/{customer_id}',
  operationId: 'getCustomer',
  api: 'payments',
  audiences: ['https://api.example'],
  scopes: ['payments:read'],
  requireBoundToken: false,
  credentials: [],
  requestMediaTypes: ['application/json'],
}

export const CALLER: Caller = { kind: 'client', sandboxId: 'sbx_1' as SandboxId, clientId: 'client_1' as ClientId, scopes: ['payments:read'] }

/** A request as Node hands it over; `peer` is the address at the other end of its connection. */
export function requestOf (options: { readonly headers?: Readonly<Record<string, string>>, readonly peer?: string | undefined, readonly socket?: object } = {}): IncomingMessage {
  const socket = options.socket ?? Object.assign(new EventEmitter(), { remoteAddress: 'peer' in options ? options.peer : '192.0.2.1', destroy: () => {} })
  return { headers: options.headers ?? {}, socket, method: 'GET', url: '/' } as unknown as IncomingMessage
}

export function arrivalOf (changes: Partial<Arrival> & Parameters<typeof requestOf>[0] = {}): Arrival {
  const { headers, socket, ...rest } = changes
  const request = requestOf({ ...(headers === undefined ? {} : { headers }), ...(socket === undefined ? {} : { socket }), ...('peer' in changes ? { peer: changes.peer } : {}) })
  return { request, surface: 'api', method: 'GET', url: '/v1/customers/cus_1', receivedAtMs: 0, route: ROUTE, payload: undefined, findings: [], ...rest }
}

export function certificateOf (changes: Partial<VerifiedCertificate> = {}): VerifiedCertificate {
  return { thumbprint: 'thumb' as CertificateThumbprint, serial: '0a', subjectDn: 'CN=a', issuerDn: 'CN=ca', notBeforeMs: 0, notAfterMs: 1000, dnsNames: [], uris: [], ips: [], emails: [], der: Buffer.alloc(0), ...changes }
}

export function limitOutcomeOf (changes: Partial<LimitOutcome> = {}): LimitOutcome {
  return { name: 'client', isAllowed: true, isExceeded: false, remaining: 4, resetMs: 1000, retryAfterMs: 0, limit: 5, windowMs: 60_000, mode: 'enforce', isDegraded: false, policy: '"client";q=5;w=60', ...changes }
}

/** The refusal of a verdict; throws when it passed, so that a test cannot read a refusal that is not there. */
export function refusalOf (verdict: Verdict<unknown>): Refusal {
  if (verdict.kind !== 'refuse') throw new Error('the verdict passed')
  return verdict.refusal
}

/** What a passing verdict adds; throws with the code when it refused. */
export function addsOf<Adds> (verdict: Verdict<Adds>): Adds {
  if (verdict.kind !== 'pass') throw new Error(`the verdict refused: ${verdict.refusal.code}`)
  return verdict.adds
}
