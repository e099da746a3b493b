import type { IncomingMessage } from 'node:http'
import type { SandboxId } from '../../kernel/index.ts'
import type { TokenUseWatch } from '../tokens/verify-access-token.ts'

/** A token, refresh token or code at the moment it is issued. Never its value: `name` is a JWT's `jti`, else the digest of the value. */
export interface WatchedToken {
  readonly name: string
  readonly kind: 'access_token' | 'refresh_token' | 'authorization_code'
  readonly format: 'jwt' | 'opaque'
  readonly clientId: string
  readonly subject?: string
  /** The grant that it came of, as the library names it: `client_credentials`, `authorization_code refresh_token` and so on. */
  readonly grantType: string
  /** One name for all that came of one grant of a user. */
  readonly family?: string
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly binding?: { readonly kind: 'certificate' | 'dpop', readonly thumbprint: string }
  readonly issuedAtMs: number
  readonly expMs: number
  /** The code or refresh token that was given for it. */
  readonly parent?: string
}

/** Told of everything that happens to the tokens of a sandbox. Called in the middle of requests: it must be quick and not throw. */
export interface TokenWatch extends TokenUseWatch {
  readonly issued: (sandboxId: SandboxId, token: WatchedToken, request: IncomingMessage) => void
  /** A code was redeemed, a refresh token rotated or used. */
  readonly spent: (sandboxId: SandboxId, name: string, how: 'redeemed' | 'rotated' | 'refreshed', request: IncomingMessage) => void
  /** A token, or with `family` everything of one grant, was revoked; `by` says by whom and why. */
  readonly revoked: (sandboxId: SandboxId, what: { readonly name: string } | { readonly family: string }, by: string, request: IncomingMessage | undefined) => void
}
