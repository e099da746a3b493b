import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { PresentedCertificate } from '../authorization-server.ts'
import type { ArtifactFacts, ClientFacts, FailureFacts, Offered } from './failure-facts.ts'
import { opaqueTokenId } from '../tokens/issued-tokens.ts'
import { tokenName } from './watch-tokens.ts'
import { createWithholder, SECRET_PARAMETERS } from './withhold-secrets.ts'

/** An error as the library raises it. */
export interface LibraryError extends Error { readonly error?: string, readonly error_detail?: string, readonly error_description?: string, readonly scope?: string }

export interface FailureReading {
  readonly issuer: string
  readonly nowMs: () => number
  readonly offered: Offered
  readonly certificateOf: (request: IncomingMessage) => PresentedCertificate | undefined
  /** The code or token that was looked up for the request. */
  readonly artifactOf: (ctx: KoaContextWithOIDC) => ArtifactFacts | undefined
}

/** Gathers what is known of a failed request, and the filter for what must not be told of it. Neither throws nor changes anything. */
export function readFailure (ctx: KoaContextWithOIDC, error: LibraryError, deps: FailureReading): { readonly facts: FailureFacts, readonly withhold: (text: string) => string } {
  const { oidc } = ctx
  const parameters = parametersOf(ctx)
  const body = isRecord(oidc.body) ? oidc.body : {}
  const parameter = (name: string): string | undefined => {
    const value = parameters[name] ?? body[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const header = (name: string): string | undefined => {
    const value = ctx.req.headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const artifact = deps.artifactOf(ctx)
  const token = oidc.route === 'userinfo' ? artifact?.jti && tokenName(artifact.jti) : nameSent(parameter('refresh_token') ?? parameter('code'))
  const facts: FailureFacts = {
    endpoint: oidc.route,
    error: error.error ?? 'server_error',
    description: error.error_description ?? '',
    detail: error.error_detail ?? (error.error === undefined ? error.message : ''),
    scope: error.scope,
    method: ctx.method,
    url: urlOf(ctx),
    issuer: deps.issuer,
    nowMs: deps.nowMs(),
    parameter,
    header,
    member: (name) => body[name] === undefined ? undefined : JSON.stringify(body[name]),
    client: oidc.client as ClientFacts | undefined,
    certificate: deps.certificateOf(ctx.req),
    artifact,
    offered: deps.offered,
    ...(token === undefined || (artifact?.clientId !== undefined && artifact.clientId !== oidc.client?.clientId) ? {} : { token }),
  }
  return { facts, withhold: createWithholder(secretsOf(parameters, body, header)) }
}

/** After a request object has been read, and before: what was pushed, signed or sent plainly. */
function parametersOf (ctx: KoaContextWithOIDC): Readonly<Record<string, unknown>> {
  const { oidc } = ctx
  const parsed = isRecord(oidc.params) ? oidc.params : {}
  const kept = Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined))
  return { ...ctx.query, ...kept }
}

/** Only what looks like a code or refresh token of ours: the digest of a password that stands in its place could be guessed. */
function nameSent (value: string | undefined): string | undefined {
  return value === undefined || !/^[\w-]{40,100}$/.test(value) ? undefined : opaqueTokenId(value)
}

function urlOf (ctx: KoaContextWithOIDC): string {
  try {
    return new URL(ctx.oidc.urlFor(ctx.oidc.route)).href
  } catch {
    return `${ctx.origin}${ctx.path}`
  }
}

function secretsOf (parameters: Readonly<Record<string, unknown>>, body: Readonly<Record<string, unknown>>, header: (name: string) => string | undefined): string[] {
  const sent = SECRET_PARAMETERS.flatMap((name) => [parameters[name], body[name]]).flat().filter((value) => typeof value === 'string')
  const credentials = (header('authorization') ?? '').split(' ').slice(1).flatMap((part) => [part, ...secretOfBasic(part)])
  return [...sent, ...credentials, ...[header('dpop'), header('cookie')].filter((value) => value !== undefined)]
}

function secretOfBasic (credentials: string): string[] {
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) return []
  const secret = text.slice(colon + 1)
  try {
    return [secret, decodeURIComponent(secret.replaceAll('+', '%20'))]
  } catch {
    return [secret]
  }
}

function isRecord (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
