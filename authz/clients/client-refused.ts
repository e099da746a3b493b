/** The metadata of a client is not acceptable; the message says why and may be shown to whoever sent it. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused'
  /** The member that is at fault, in the names of RFC 7591 §2, when it is one. */
  readonly member: string | undefined

  constructor (message: string, options: { readonly member?: string, readonly cause?: unknown } = {}) {
    super(message, options)
    this.member = options.member
  }
}

/** The sandbox has as many clients as it may have. */
export class ClientQuotaExceeded extends Error {
  override readonly name = 'ClientQuotaExceeded'
}
