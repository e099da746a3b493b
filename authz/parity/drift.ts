import type { Json } from '../../kernel/index.ts'

/**
 * One difference between production and the sandbox that a client can see.
 *
 * `production` and `sandbox` are what was seen on either side, reduced to what matters: shapes, names and counts, never a token,
 * code or secret. `null` stands for "not there".
 */
export interface Drift {
  /**
   * Stable from run to run and release to release. The first word is the area:
   * `metadata.<member>` (members of discovery; `null` on the side that has none) · `keys.algorithms|types|uses|chains|ids|count` ·
   * `token.expires_in|token_type|expires_in_agrees|members.<name>|rotation` · `access_token.format|lifetime|header.<name>|claims.<name>` ·
   * `id_token.` likewise · `introspection.members.<name>` · `userinfo.members.<name>` · `authorization.<fact>` ·
   * `error.<probe>.status|error|body|members|content_type|redirect|www_authenticate|description|failure` ·
   * `headers.<endpoint>.cache_control|rate_limit|...` · `cors.<probe>.allow_origin|...` ·
   * `tls.<issuer|mtls>.versions|ciphers|alpn|asks_for_certificate|key`.
   */
  readonly id: string
  /** The part of the protocol it is in, as a heading: `metadata`, `keys`, `token`, `error`, `headers`, `cors`, `tls`. */
  readonly area: string
  readonly severity: Severity
  readonly production: Json
  readonly sandbox: Json
  /** What is different, and what that does to a client, in a sentence or two. */
  readonly explanation: string
  readonly suggestion?: Suggestion
}

/** breaking: a client that works on one side fails on the other. likely: some clients will. cosmetic: only a person would notice. */
export type Severity = 'breaking' | 'likely' | 'cosmetic'

/** A change to sandgate.yaml that would close a drift; told, never applied. */
export interface Suggestion {
  /** A key of sandgate.yaml: `profile.lifetimes.access_token`. */
  readonly path: string
  /** The value to give it. */
  readonly value: Json
  /** What to know before changing it; empty when nothing. */
  readonly note: string
}
