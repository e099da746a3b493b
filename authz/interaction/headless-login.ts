import type { IncomingMessage } from 'node:http'
import { errors, type Client, type Configuration, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { ClientDirectory, ClientRecord } from '../clients/client-directory.ts'
import type { IssuedTokens } from '../tokens/issued-tokens.ts'
import { readAuthorizationDetails, readResources, readScopes, type Consents } from './consents.ts'
import { judgeSignIn } from './judge-sign-in.ts'
import { readAcrDemand, readRequestedClaims, textOf } from './read-demand.ts'
import type { TestUser, TestUsers } from './users/test-users.ts'

export interface HeadlessLoginDeps {
  readonly profile: Pick<AuthorizationProfile, 'acr' | 'headlessLogin'>
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly consents: () => Consents
  readonly issued: Pick<IssuedTokens, 'revokeGrant'>
  readonly waitMs: (ms: number) => Promise<void>
  readonly onNote: (note: AuthorizationNote) => void
}

/** Something that the owner of a client should know of a request that was not refused. */
export interface AuthorizationNote { readonly request: IncomingMessage, readonly code: string, readonly detail: string, readonly clientId?: string }

/** The parameters of ours; to a client that has not opted in they are unknown parameters, which production ignores (RFC 6749 §3.1). */
export const HEADLESS_PARAMETERS = ['sandgate_login', 'sandgate_otp', 'sandgate_consent'] as const

type ExtraParams = Exclude<NonNullable<Configuration['extraParams']>, readonly string[]>
const ANSWERED = Symbol('signed in and consented without pages')

type Session = NonNullable<KoaContextWithOIDC['oidc']['session']>
type Answered = KoaContextWithOIDC['oidc'] & { [ANSWERED]?: true }

/**
 * The login without pages, for automated tests: an authorization request of a client that opted in names the test user, and
 * is answered at once. Everything that was checked of a request is checked as ever; only the pages are not shown. `prompt=none`
 * is left alone: it asks whether a page would be needed.
 */
export function buildHeadlessParameters (deps: HeadlessLoginDeps): ExtraParams {
  const [login, ...others] = HEADLESS_PARAMETERS
  return {
    [login]: async (ctx: KoaContextWithOIDC, username: string | undefined, client: Client) => { await answerWithoutPages(deps, ctx, username, client) },
    ...Object.fromEntries(others.map((name) => [name, null])),
  }
}

/** Makes a prompt count as answered when the login without pages has answered it. */
export function admitHeadlessAnswers (provider: Provider): void {
  const { prototype } = provider.OIDCContext
  const isPending: (this: Answered, name: string) => boolean = Reflect.get(prototype, 'promptPending')
  prototype.promptPending = function promptPending (this: Answered, name) {
    return this[ANSWERED] === true ? false : isPending.call(this, name)
  }
}

async function answerWithoutPages (deps: HeadlessLoginDeps, ctx: KoaContextWithOIDC, username: string | undefined, { clientId }: Client): Promise<void> {
  const params = ctx.oidc.params ?? {}
  if (username === undefined) return
  const record = await deps.clients.find(clientId)
  const ignored = whyIgnored(deps, record, params)
  if (ignored !== undefined) return deps.onNote({ request: ctx.req, code: 'headless_login_ignored', detail: ignored, clientId })
  if (ctx.oidc.route !== 'authorization' || record === undefined) return
  const consent = params['sandgate_consent']
  if (consent !== undefined && consent !== 'allow' && consent !== 'deny') throw new errors.InvalidRequest('sandgate_consent must be allow or deny')
  const user = await signIn(deps, ctx, record, username)
  if (consent === 'deny') throw denial('End-User denied the request', 'sandgate_consent is deny', true)
  if (user.conditions?.consentDenied === true) throw denial('End-User denied the request', `the test user ${user.username} has the condition consent_denied`, true)
  const grantId = await deps.consents().give({
    sandboxId: record.sandboxId,
    sub: user.sub,
    clientId,
    scopes: readScopes(params),
    resources: readResources(params),
    claims: readRequestedClaims(params),
    authorizationDetails: readAuthorizationDetails(params),
  })
  const oidc = ctx.oidc as Answered
  Object.assign(oidc, { result: { login: { accountId: user.sub }, consent: { grantId } } })
  oidc[ANSWERED] = true
}

function whyIgnored ({ profile }: HeadlessLoginDeps, record: ClientRecord | undefined, params: Readonly<Record<string, unknown>>): string | undefined {
  if (!profile.headlessLogin) return 'sandgate_login was ignored: profile.headless_login is off'
  if (record?.isHeadless !== true) return 'sandgate_login was ignored, as production ignores unknown parameters: the client has not opted into the login without pages'
  return textOf(params, 'prompt').split(' ').includes('none') ? 'sandgate_login was ignored: prompt=none asks whether a page would be needed' : undefined
}

/** Signs the user in, unless the session is this user's already and good enough for the request: then `auth_time` stays. */
async function signIn (deps: HeadlessLoginDeps, ctx: KoaContextWithOIDC, { sandboxId }: ClientRecord, username: string): Promise<TestUser> {
  const params = ctx.oidc.params ?? {}
  const demand = readAcrDemand(params, deps.profile.acr)
  if (demand.unmet !== undefined) throw new errors.UnmetAuthenticationRequirements('none of the requested acr values can be met', `essential acr values that this server does not have: ${demand.unmet.slice(0, 200)}`)
  const user = await deps.users.findByUsername(sandboxId, username)
  const slowSeconds = user?.conditions?.slowSeconds
  if (slowSeconds !== undefined) await deps.waitMs(slowSeconds * 1000)
  const code = params['sandgate_otp']
  const verdict = await judgeSignIn(user, { isPasswordProven: true, ...(typeof code === 'string' ? { oneTimeCode: code } : {}) }, demand, deps.profile.acr)
  if (verdict.kind === 'refused') throw denial('End-User authentication failed', verdict.detail, verdict.isTriggered)
  if (verdict.kind === 'asks') throw denial('End-User authentication failed', 'the sign-in needs a one-time code: send sandgate_otp', true)
  if (user === undefined) throw new Error('nobody was signed in')
  const { session } = ctx.oidc
  if (session === undefined) throw new Error('an authorization request has no session')
  if (!isGoodEnough(session, user, verdict.acr, params)) {
    await leaveOtherUser(deps, session, user)
    session.loginAccount({ accountId: user.sub, acr: verdict.acr, amr: [...verdict.amr], transient: true })
  }
  return user
}

function isGoodEnough (session: Session, user: TestUser, acr: string, params: Readonly<Record<string, unknown>>): boolean {
  if (session.accountId !== user.sub || session.acr !== acr) return false
  if (textOf(params, 'prompt').split(' ').includes('login')) return false
  const maxAge = params['max_age']
  return maxAge === undefined || !session.past(Number(maxAge))
}

/** The former user's grants that were to last no longer than the session end with it. */
async function leaveOtherUser ({ issued }: HeadlessLoginDeps, session: Session, user: TestUser): Promise<void> {
  if (session.accountId === undefined || session.accountId === user.sub) return
  for (const { grantId, persistsLogout } of Object.values(session.authorizations ?? {})) {
    if (grantId !== undefined && persistsLogout !== true) await issued.revokeGrant(grantId)
  }
  Object.assign(session, { authorizations: undefined })
  session.resetIdentifier()
}

function denial (description: string, detail: string, isTriggered: boolean): Error {
  return Object.assign(new errors.AccessDenied(description, detail), { isTriggered })
}
