/** What the bench and the processes that it starts say to each other. */

/** Everything that a contender needs to enforce the same things on the same traffic; written once into the bench's own directory. */
export interface Materials {
  readonly directory: string
  readonly issuer: string
  readonly audience: string
  /** Files in PEM. */
  readonly authorityFile: string
  readonly serverCertificateFile: string
  readonly serverKeyFile: string
  /** Certificate and key in one file, as haproxy wants it. */
  readonly serverBundleFile: string
  readonly issuerKeyFile: string
  readonly client: CertificatePair
  /** Trusted like the first, and not the one that the tokens are bound to. */
  readonly otherClient: CertificatePair
  readonly tokens: readonly string[]
  readonly bad: { readonly expired: string, readonly wrongAudience: string, readonly unsigned: string, readonly tampered: string }
  /** `/v1/customers/{id}` of a customer that exists, and what it looks like. */
  readonly customerPath: string
  readonly customer: string
}

export interface CertificatePair { readonly certificatePem: string, readonly keyPem: string }

/** One load on one port. */
export interface LoadOrder {
  readonly port: number
  readonly authorityPem: string
  readonly client: CertificatePair
  readonly connections: number
  readonly seconds: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly tokens: readonly string[]
  readonly body?: string
}

export type LoadMessage =
  | { readonly kind: 'order', readonly order: LoadOrder }
  | { readonly kind: 'go' }

export type LoadAnswer =
  | { readonly kind: 'connected' }
  | { readonly kind: 'done', readonly load: Load }
  | { readonly kind: 'failed', readonly problem: string }

/** What the generator saw. */
export interface Load {
  readonly requests: number
  /** Answers outside 200–299, and broken connections. */
  readonly failures: number
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of one CPU: a generator near 1 measures itself. */
  readonly generatorShare: number
}

/** Takes a CPU profile of a server while it works, into a file. */
export interface ProfileOrder { readonly seconds: number, readonly file: string }
