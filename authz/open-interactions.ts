import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Configuration, Provider } from 'oidc-provider'
import type { AuthorizationProfile } from './authorization-profile.ts'
import type { AuthorizationServerDeps } from './authorization-server.ts'
import { createBackchannelDecisions, type BackchannelDecisions } from './backchannel/backchannel-decisions.ts'
import { createBackchannelRequests } from './backchannel/backchannel-requests.ts'
import { buildCiba, settleAtPolls } from './backchannel/ciba.ts'
import { reportLogouts } from './backchannel/report-logouts.ts'
import type { ClientDirectory } from './clients/client-directory.ts'
import { createConsents, type Consents } from './interaction/consents.ts'
import { deliverCustomClaims } from './interaction/custom-claims.ts'
import { createDeviceApprovals, type DeviceApprovals } from './interaction/device-approvals.ts'
import { buildDevicePages } from './interaction/device-flow.ts'
import { admitHeadlessAnswers, buildHeadlessParameters } from './interaction/headless-login.ts'
import { registerInteractionRoutes } from './interaction/interaction-routes.ts'
import { buildLogoutPages } from './interaction/logout.ts'
import { pacePolls } from './interaction/pace-polls.ts'
import { createPages } from './interaction/pages/pages.ts'
import { replaceScriptedPages } from './interaction/replace-scripted-pages.ts'
import { keepRequestedClaims } from './interaction/requested-claims.ts'
import type { TestUsers } from './interaction/users/test-users.ts'
import type { IssuedTokens } from './tokens/issued-tokens.ts'

type Features = NonNullable<Configuration['features']>

/** What the library is told of the pages and of the users' other devices. */
export interface InteractionHooks {
  readonly deviceFlow: Partial<NonNullable<Features['deviceFlow']>>
  readonly ciba: Partial<NonNullable<Features['ciba']>>
  readonly rpInitiatedLogout: Partial<NonNullable<Features['rpInitiatedLogout']>>
  readonly extraParams: NonNullable<Configuration['extraParams']>
  readonly acrValues: readonly string[]
  readonly renderError: NonNullable<Configuration['renderError']>
}

/** Everything that a person sees and does, or a program in a person's place. */
export interface Interactions {
  readonly hooks: InteractionHooks
  /** Before the provider answers its first request. */
  readonly attach: (provider: Provider) => void
  readonly registerRoutes: (app: FastifyInstance) => void
  readonly consents: Consents
  readonly deviceApprovals: DeviceApprovals
  readonly backchannel: BackchannelDecisions
}

export interface InteractionsDeps extends Pick<AuthorizationServerDeps, 'keyValue' | 'clock' | 'apis' | 'cookieKeys' | 'onFailure' | 'onNote' | 'waitMs'> {
  readonly profile: AuthorizationProfile
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly issued: IssuedTokens
}

/** The pages, the login without pages, the device flow, backchannel authentication and logout, put together. */
export function openInteractions (deps: InteractionsDeps): Interactions {
  const { profile, clock, keyValue, clients, users, issued } = deps
  const pages = createPages(profile.brand)
  const onNote = deps.onNote ?? (() => {})
  const waitMs = deps.waitMs ?? (async (ms: number) => { await wait(ms, undefined, { ref: false }) })
  const parts: { opened?: Opened } = {}
  const opened = (): Opened => {
    if (parts.opened === undefined) throw new Error('the interactions are not attached to a provider yet')
    return parts.opened
  }
  const consents = lend(() => opened().consents, ['give', 'list', 'revoke', 'revokeAll'])
  const requests = createBackchannelRequests(keyValue)
  const backchannel = createBackchannelDecisions({ provider: () => opened().provider, profile, clients, users, consents: () => consents, requests, clock })
  const schedule = (delayMs: number, run: () => Promise<void>): void => { setTimeout(() => { run().catch(() => {}) }, delayMs).unref() }

  return {
    consents,
    backchannel,
    deviceApprovals: lend(() => opened().deviceApprovals, ['decide']),
    hooks: {
      deviceFlow: buildDevicePages(pages),
      rpInitiatedLogout: buildLogoutPages(pages),
      ciba: buildCiba({ clients, users, requests, clock, decisions: backchannel, schedule }),
      extraParams: buildHeadlessParameters({ profile, clients, users, issued, waitMs, onNote, consents: () => consents }),
      acrValues: [profile.acr.singleFactor, profile.acr.multiFactor],
      renderError: (ctx, out) => { pages.sendFailure(ctx, out.error, out.error_description) },
    },
    attach (provider) {
      const ttlMs = Math.max(profile.lifetimes.grantMs, profile.lifetimes.refreshTokenMs)
      const given = createConsents({ provider, keyValue, clock, issued, apis: deps.apis, clients, ttlMs })
      parts.opened = { provider, consents: given, deviceApprovals: createDeviceApprovals({ provider, profile, clients, users, consents: given, clock }) }
      provider.use(replaceScriptedPages(provider, pages))
      provider.use(pacePolls({ keyValue, clock, intervalMs: profile.pollIntervalMs, onFailure: deps.onFailure }))
      admitHeadlessAnswers(provider)
      deliverCustomClaims(provider)
      keepRequestedClaims(provider)
      settleAtPolls(provider, backchannel)
      reportLogouts(provider, onNote)
    },
    registerRoutes (app) {
      registerInteractionRoutes(app, { provider: opened().provider, pages, profile, clients, users, consents, issued, secret: deps.cookieKeys[0] ?? '', waitMs, onFailure: deps.onFailure })
    },
  }
}

interface Opened { readonly provider: Provider, readonly consents: Consents, readonly deviceApprovals: DeviceApprovals }

/** The library wants its configuration before there is a provider, and these need one: they are looked up when they are used. */
function lend<T extends object> (find: () => T, names: ReadonlyArray<keyof T & string>): T {
  return Object.fromEntries(names.map((name) => [name, (...input: unknown[]) => (find()[name] as (...input: unknown[]) => unknown)(...input)])) as T
}
