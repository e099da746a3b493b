import { setTimeout as wait } from 'node:timers/promises'
import { isJsonObject, type Clock, type Json, type JsonObject } from '../../../kernel/index.ts'
import type { KeyedCertificate, LiveSide, TestClient } from '../side.ts'
import { authenticateClient } from './authenticate-client.ts'
import { listAliases, listEndpoints } from './capabilities.ts'
import type { HttpAnswer, HttpClient, HttpFailure, HttpRequest } from './http-client.ts'
import { logIn, type LoginOutcome } from './log-in.ts'
import type { ServerMetadata } from './metadata.ts'
import { createRedactor, type Redactor } from './redactor.ts'
import { headerOf } from './shape-headers.ts'
import { parseJson, type Roles } from './shape-value.ts'

/** One run of questions to one server. */
export interface Session {
  readonly side: LiveSide
  readonly metadata: ServerMetadata
  readonly clock: Clock
  readonly redactor: Redactor
  readonly roles: Roles
  /** A certificate that no server can know. */
  readonly foreignCertificate: KeyedCertificate
  /** Sends one request, after the delay; waits when it is told to (429), a few times. */
  readonly send: (request: HttpRequest) => Promise<HttpAnswer | HttpFailure>
  /** True once the server went on answering 429 although it was waited for. */
  readonly isThrottled: () => boolean
  /** The address of an endpoint by its short name. */
  readonly endpoint: (name: string) => string
  readonly alias: (name: string) => string
  /** A form to an endpoint, without client authentication. `form` is encoded already. */
  readonly post: (name: string, form: string, headers?: HttpRequest['headers']) => HttpRequest
  /** The same, authenticated as the test client, or as another. */
  readonly postAsClient: (name: string, form: string, change?: { readonly client?: Partial<TestClient>, readonly claims?: JsonObject }) => Promise<HttpRequest>
  /** A successful answer of the token endpoint, its tokens remembered; undefined for anything else. */
  readonly redeem: (form: string) => Promise<JsonObject | undefined>
  /** The answer to client_credentials, asked for once. */
  readonly ownTokens: () => Promise<JsonObject | undefined>
  /** A code for the test client, without a person. */
  readonly logIn: () => Promise<LoginOutcome>
  /** The answer to a code of a login, asked for once. */
  readonly userTokens: () => Promise<JsonObject | undefined>
}

export interface SessionDeps {
  readonly side: LiveSide
  readonly metadata: ServerMetadata
  readonly http: HttpClient
  readonly clock: Clock
  readonly foreignCertificate: KeyedCertificate
  readonly delayMs: number
}

const WAITS_MAX = 3
const WAIT_SECONDS_MAX = 60
const FORM: readonly [string, string] = ['content-type', 'application/x-www-form-urlencoded']

/** Opens a session. Nothing is sent yet. */
export function openSession (deps: SessionDeps): Session {
  const { side, metadata, clock } = deps
  const redactor = createRedactor()
  rememberClient(redactor, side.client)
  const endpoints = listEndpoints(metadata.primary)
  const aliases = listAliases(metadata.primary)
  const { send, isThrottled } = createSender(deps)
  const endpoint = (name: string): string => endpoints.get(name) ?? ''
  const alias = (name: string): string => aliases.get(name) ?? endpoint(name)
  const post: Session['post'] = (name, form, headers = []) => ({ method: 'POST', url: endpoint(name), headers: [FORM, ...headers], body: form })

  const postAsClient: Session['postAsClient'] = async (name, form, change = {}) => {
    if (side.client === undefined) throw new Error('there is no test client')
    const credentials = await authenticateClient({ ...side.client, ...change.client }, { issuer: side.issuer, nowMs: clock.nowMs(), algorithms: textsOf(metadata.primary['token_endpoint_auth_signing_alg_values_supported']), ...(change.claims === undefined ? {} : { claims: change.claims }) })
    for (const [, value] of [...credentials.parameters, ...credentials.headers]) redactor.remember(value.replace(/^Basic /, ''))
    const added = new URLSearchParams(credentials.parameters.map(([key, value]): [string, string] => [key, value])).toString()
    return {
      method: 'POST',
      url: credentials.isMutual ? alias(name) : endpoint(name),
      headers: [FORM, ...credentials.headers],
      body: [form, added].filter((part) => part !== '').join('&'),
      ...(credentials.certificate === undefined ? {} : { certificate: credentials.certificate }),
    }
  }

  async function redeem (form: string): Promise<JsonObject | undefined> {
    const answer = await send(await postAsClient('token', form))
    const body = answer.kind === 'answer' && answer.status === 200 ? parseJson(answer.body) : undefined
    if (!isJsonObject(body)) return undefined
    for (const value of Object.values(body)) if (typeof value === 'string' && value.length > 20) redactor.remember(value)
    return body
  }

  const login = async (): Promise<LoginOutcome> => await logIn({ side, endpoint: endpoint('authorization'), send, remember: redactor.remember })
  return {
    side,
    metadata,
    clock,
    redactor,
    foreignCertificate: deps.foreignCertificate,
    send,
    isThrottled,
    endpoint,
    alias,
    post,
    postAsClient,
    redeem,
    roles: rolesOf(side),
    ownTokens: once(async () => await redeem(ownForm(side.client))),
    logIn: login,
    userTokens: once(async () => {
      const outcome = await login()
      return outcome.kind === 'code' ? await redeem(outcome.form) : undefined
    }),
  }
}

/** What a test client asks for in its own name. */
export function ownForm (client: TestClient | undefined): string {
  const scope = ownScope(client?.scope ?? '')
  return new URLSearchParams({ grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }), ...(client?.resource === undefined ? {} : { resource: client.resource }) }).toString()
}

/** The scopes of OpenID Connect are about a user, and there is none. */
function ownScope (scope: string): string {
  return scope.split(' ').filter((name) => !['openid', 'offline_access', 'profile', 'email', 'address', 'phone'].includes(name)).join(' ')
}

function createSender ({ http, delayMs }: SessionDeps): Pick<Session, 'send' | 'isThrottled'> {
  let throttled = false
  return {
    isThrottled: () => throttled,
    send: async (request) => {
      for (let waits = 0; ; waits++) {
        if (delayMs > 0) await wait(delayMs)
        const answer = await http.send(request)
        if (answer.kind === 'failed' || answer.status !== 429 || throttled) return answer
        if (waits === WAITS_MAX) throttled = true
        else await wait(secondsToWait(headerOf(answer, 'retry-after')) * 1000)
      }
    },
  }
}

function secondsToWait (value: string | undefined): number {
  const seconds = Number(value ?? 1)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(Math.max(seconds, 1), WAIT_SECONDS_MAX) : 1
}

function rolesOf ({ issuer, client }: LiveSide): Roles {
  return new Map([
    ...(client?.resource === undefined ? [] : [[client.resource, 'the resource'] as const]),
    ...(client === undefined ? [] : [[client.clientId, 'the client_id'] as const]),
    [issuer, 'the issuer'], [`${issuer.replace(/\/$/, '')}/`, 'the issuer'],
  ])
}

function rememberClient (redactor: Redactor, client: TestClient | undefined): void {
  if (client === undefined) return
  redactor.remember(client.clientId)
  if ('secret' in client.auth) redactor.remember(client.auth.secret.reveal())
  for (const value of Object.values(client.login ?? {})) redactor.remember(value)
}

function textsOf (value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === 'string') : []
}

/** Runs something the first time it is asked for. */
function once<T> (make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return async () => await (made ??= make())
}
