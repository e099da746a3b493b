import type { FailureFacts } from './failure-facts.ts'

/** One way in which the library, or our part of the authorization server, refuses a request, and what its owner is told. */
export interface CatalogueEntry {
  /** Stable snake_case, unique in the catalogue. */
  readonly code: string
  /** OAuth error codes, as sent; any when left out. */
  readonly error?: string | readonly string[]
  /** The library's routes where it can happen; everywhere when left out. */
  readonly at?: readonly string[]
  /** What the error says in `error_detail`, else in `error_description`. */
  readonly says: string | RegExp
  /** What demands it, `RFC 7636 §4.6`. */
  readonly clause: string | ((facts: FailureFacts) => string)
  readonly cause: Text
  /** The value that was sent. Never a secret: a credential is named, not shown. */
  readonly seen?: Text
  readonly expected?: Text
  readonly fix: Text
  /** True: it happens before the client has proved who it is, so anybody may have sent the request. */
  readonly isUnproven?: true
}

/** A sentence, or how to make it from the request and the groups of `says`. */
export type Text = string | ((facts: FailureFacts, groups: readonly string[]) => string | undefined)

/** Routes at which a client authenticates (RFC 6749 §2.3). */
export const AUTHENTICATED_ROUTES: readonly string[] = ['token', 'introspection', 'revocation', 'pushed_authorization_request', 'device_authorization', 'backchannel_authentication']
/** Routes that take an authorization request. */
export const REQUEST_ROUTES: readonly string[] = ['authorization', 'pushed_authorization_request', 'device_authorization', 'backchannel_authentication']
/** Routes that a browser walks through after the authorization request. */
export const BROWSER_ROUTES: readonly string[] = ['authorization', 'resume', 'code_verification', 'device_resume']
/** Routes of dynamic client registration (RFC 7591, RFC 7592). */
export const REGISTRATION_ROUTES: readonly string[] = ['registration', 'client', 'client_update', 'client_delete']
