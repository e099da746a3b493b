/** Errors of RFC 7591 §3.2.2, and of RFC 6750 §3.1 for the token. */
export type RegistrationError = 'invalid_client_metadata' | 'invalid_redirect_uri' | 'invalid_software_statement' | 'unapproved_software_statement' | 'invalid_token' | 'invalid_request'

/** Why a registration was refused: what is sent, and what is told to its owner besides. */
export class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused'
  readonly error: RegistrationError
  readonly detail: string

  /** @param description sent to the client, as `error_description` */
  constructor (error: RegistrationError, description: string, options: { readonly detail?: string, readonly cause?: unknown } = {}) {
    super(description, options)
    this.error = error
    this.detail = options.detail ?? description
  }
}
