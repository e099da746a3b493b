import type { SandboxId } from '../../kernel/index.ts'

/** Errors of RFC 7591 §3.2.2, and of RFC 6750 §3.1 for the token. */
export type RegistrationError = 'invalid_client_metadata' | 'invalid_redirect_uri' | 'invalid_software_statement' | 'unapproved_software_statement' | 'invalid_token' | 'invalid_request'

/** Why a registration was refused: what is sent, and what is told to its owner besides. */
export class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused'
  readonly error: RegistrationError
  readonly detail: string
  /** The sandbox of the initial access token, once that was found good. */
  readonly sandboxId: SandboxId | undefined

  /** @param description sent to the client, as `error_description` */
  constructor (error: RegistrationError, description: string, options: { readonly detail?: string, readonly cause?: unknown, readonly sandboxId?: SandboxId } = {}) {
    super(description, options)
    this.error = error
    this.detail = options.detail ?? description
    this.sandboxId = options.sandboxId
  }

  /** The same, of a sandbox. */
  in (sandboxId: SandboxId): RegistrationRefused {
    return new RegistrationRefused(this.error, this.message, { detail: this.detail, cause: this.cause, sandboxId })
  }
}
