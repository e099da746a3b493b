import type { IncomingMessage } from 'node:http'
import type { PresentedCertificate } from '../../authz/index.ts'
import type { Caller, Explanation, Finding, Json, Refusal, RequestId, SandboxId, Surface } from '../../kernel/index.ts'
import type { LimitOutcome } from '../limits/index.ts'

/** What is known of a request before any stage ran. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly surface: Surface
  readonly method: string
  /** The request target as sent. */
  readonly url: string
  readonly receivedAtMs: number
  /** What the router matched; undefined when nothing is served there. */
  readonly route: RouteFacts | undefined
  /** The raw body once it has been read, bounded; empty until then. */
  readonly payload: Buffer | undefined
  readonly findings: readonly Finding[]
}

/** What a route declares about itself, before any credential is known. */
export interface RouteFacts {
  /** The path template, `/v1/customers/{customer_id}`: the metric label, and what rules see. */
  readonly template: string
  readonly operationId: string
  /** The API's name; `sandbox` and `control` on the control surface. */
  readonly api: string
  readonly audiences: readonly string[]
  readonly scopes: readonly string[]
  readonly requireBoundToken: boolean
  /** Credentials that the control surface takes here; empty elsewhere. */
  readonly credentials: ReadonlyArray<Caller['kind']>
  readonly requestMediaTypes: readonly string[]
  /** Set on the routes that answer for methods which a path does not serve. */
  readonly allowedMethods?: readonly string[]
}

export interface RequestIdFacts { readonly requestId: RequestId, readonly traceFlags: string }
/** `address` is canonical; `addressKey` masks IPv6 to /64, so that one subscriber is one key. */
export interface AddressFacts { readonly address: string, readonly addressKey: string }
/** Undefined on the public door. */
export interface CertificateFacts { readonly certificate: PresentedCertificate | undefined }
/** The origin that a browser states. `isAllowed`: its scripts may read the answer. Undefined when none is stated. */
export interface OriginFacts { readonly origin: { readonly value: string, readonly isAllowed: boolean } | undefined }
export interface AddressBudgetFacts { readonly addressBudget: LimitOutcome | undefined }
export interface TargetFacts { readonly target: RouteFacts }
/** `clientKey` is what budgets and bans count by; `dpopNonce` what the client's next DPoP proof should carry (RFC 9449 §8.2). */
export interface CallerFacts { readonly caller: Caller, readonly clientKey: string, readonly dpopNonce?: string }
/** Who the request claims to be; nothing is proved yet. Empty `clientKey`: nobody in particular. */
export interface ClaimFacts { readonly claimedClientId: string | undefined, readonly username: string | undefined, readonly grantType: string | undefined, readonly clientKey: string }
export interface KeyBudgetFacts { readonly keyBudget: LimitOutcome | undefined }
export type Body = { readonly kind: 'none' } | { readonly kind: 'json', readonly value: Json } | { readonly kind: 'form' | 'text', readonly text: string }
export interface BodyFacts { readonly body: Body }
/** What is left after scrubbing; later stages and dispatch read only this. */
export interface CleanFacts {
  readonly cleanBody: Body
  /** The query string without `?`. */
  readonly cleanQuery: string
  readonly cleanPath: string
  readonly removals: ReadonlyArray<{ readonly pointer: string, readonly kind: string }>
  readonly cardFingerprints: readonly string[]
}
export interface ReplyFacts { readonly reply: Reply }

/** What dispatch hands back. A `text` is sent as it is; a `body` is serialised as JSON. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Json
  readonly text?: string
}

/** How a request ended, for record-outcome. */
export interface OutcomeFacts {
  readonly outcome: {
    readonly status: number
    readonly durationMs: number
    readonly refusal?: Refusal & { readonly stage: string }
    /** A failure that a dispatched part reported: an OAuth error, an error of the sandboxed API. */
    readonly failure?: Failure
  }
}

/** A failure inside a dispatched part, kept as the explanation of the request. */
export interface Failure {
  /** As sent: `invalid_client`, or the API's own error code. */
  readonly error: string
  readonly detail: string
  readonly clientId?: string
  /** Whose request it was, where that is proved and no client is known. */
  readonly sandboxId?: SandboxId
  /** True when a documented trigger caused it: test suites do that on purpose. */
  readonly isTriggered?: boolean
  readonly explanation?: Explanation
  /** True: the client had proved who it is before the request failed. */
  readonly isProven?: boolean
}

/** The client that the authorization server has authenticated, on the token surface. */
export interface ProvenClientFacts { readonly provenClientId: string | undefined }

/** Every fact, any of which may be missing: what stages see that also run for refused requests. */
export type AnyFacts = Arrival & Partial<RequestIdFacts & OriginFacts & AddressFacts & CertificateFacts & AddressBudgetFacts & TargetFacts &
  CallerFacts & ProvenClientFacts & ClaimFacts & KeyBudgetFacts & BodyFacts & CleanFacts & ReplyFacts>
