import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Clock, Explanation, SandboxId } from '../../kernel/index.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import { explainFailure, explainStated } from '../explanations/explain-failure.ts'
import type { Offered } from '../explanations/failure-facts.ts'
import { readFailure, type FailureReading, type LibraryError } from '../explanations/read-failure.ts'
import { rememberArtifacts } from '../explanations/remember-artifacts.ts'
import { observeAnswers, type AnswerObserving } from './observe-answers.ts'

/** Why the authorization server refused a request: the wire says less on purpose. */
export interface AuthorizationFailure {
  readonly request: IncomingMessage
  /** The library's route name: `token`, `authorization`, `userinfo` and so on. */
  readonly endpoint: string
  /** The OAuth error code, as sent. */
  readonly error: string
  readonly detail: string
  /** Set when the request named a client that exists. */
  readonly clientId?: string
  /** Set when it is known whose request it was though no client is: of a registration, by its token. */
  readonly sandboxId?: SandboxId
  /** A documented trigger caused it: a condition of a test user. */
  readonly isTriggered?: true
  readonly explanation?: Explanation
  /** True: the client had proved who it is before the request failed. */
  readonly isProven?: boolean
  /** True: the library said something that the catalogue of explanations does not know. */
  readonly isUncatalogued?: true
}

const EVENTS = [
  'authorization.error', 'grant.error', 'introspection.error', 'revocation.error', 'userinfo.error', 'jwks.error', 'discovery.error',
  'pushed_authorization_request.error', 'device_authorization.error', 'code_verification.error', 'device_resume.error', 'backchannel_authentication.error',
  'end_session.error', 'end_session_confirm.error', 'end_session_success.error', 'server_error',
] as const

export interface FailureReporting extends AnswerObserving {
  readonly issuer: string
  readonly clock: Clock
  readonly offered: Offered
  readonly certificateOf: (request: IncomingMessage) => PresentedCertificate | undefined
  readonly onFailure: (failure: AuthorizationFailure) => void
}

type Listen = (event: string, listener: (ctx: KoaContextWithOIDC, error: LibraryError) => void) => void

/** Hands every error event of the library on, explained: the cause, what was seen and expected, the clause and the fix. */
export function reportFailures (provider: Provider, deps: FailureReporting): void {
  const listen = provider.on.bind(provider) as Listen
  const reading: FailureReading = { ...deps, nowMs: deps.clock.nowMs, artifactOf: rememberArtifacts(provider) }
  provider.use(observeAnswers(deps))
  for (const event of EVENTS) listen(event, (ctx, error) => deps.onFailure(describeFailure(ctx, error, reading, ctx.oidc.client?.clientId)))
}

/** Explains what parts of ours report without the library: they state an error and its cause. */
export function explainEvery ({ onFailure, ...deps }: FailureReporting): FailureReporting['onFailure'] {
  return (failure) => {
    if (failure.explanation !== undefined) return onFailure(failure)
    const { explanation, isKnown } = explainStated({ ...failure, issuer: deps.issuer, offered: deps.offered, nowMs: deps.clock.nowMs() })
    onFailure({ ...failure, explanation, ...(isKnown ? {} : { isUncatalogued: true as const }) })
  }
}

function describeFailure (ctx: KoaContextWithOIDC, error: LibraryError, reading: FailureReading, clientId: string | undefined): AuthorizationFailure {
  const { facts, withhold } = readFailure(ctx, error, reading)
  const { explanation, isProven, isKnown } = explainFailure(facts, withhold)
  return {
    request: ctx.req,
    endpoint: facts.endpoint,
    error: facts.error,
    detail: withhold(describe(facts)),
    explanation,
    isProven,
    ...((error as { isTriggered?: boolean }).isTriggered === true ? { isTriggered: true as const } : {}),
    ...(isKnown ? {} : { isUncatalogued: true as const }),
    ...(clientId === undefined ? {} : { clientId }),
  }
}

/** The library's own words, for the log. */
function describe ({ description, detail, error }: { readonly description: string, readonly detail: string, readonly error: string }): string {
  const stated = [...new Set([description, detail])].filter((part) => part !== '').join(': ')
  return stated === '' ? error : stated
}
