import type { Provider } from 'oidc-provider'
import type { Clock, JsonObject, SandboxId } from '../../kernel/index.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { readAuthorizationDetails, readResources, readScopes, type Consents } from './consents.ts'
import { judgeSignIn } from './judge-sign-in.ts'
import { readAcrDemand, readRequestedClaims } from './read-demand.ts'
import { normalizeUserCode } from './replace-scripted-pages.ts'
import type { TestUser, TestUsers } from './users/test-users.ts'

/** A person's decision about a device's code, made by a program. */
export interface DeviceDecision {
  readonly userCode: string
  readonly username: string
  readonly decision: 'approve' | 'deny'
  /** For users with a second factor. */
  readonly oneTimeCode?: string
}

/** What became of it. `refused`: nothing changed, because the user could not sign in or the code cannot be used. */
export type DeviceOutcome =
  | { readonly kind: 'approved', readonly clientId: string, readonly sub: string, readonly scopes: readonly string[] }
  | { readonly kind: 'denied', readonly clientId: string, readonly detail: string }
  | { readonly kind: 'refused', readonly detail: string }
  | { readonly kind: 'unknown' }

export interface DeviceApprovals {
  /** What a person would do on the pages of the device flow, at once. Codes of other sandboxes are unknown. */
  readonly decide: (sandboxId: SandboxId, decision: DeviceDecision) => Promise<DeviceOutcome>
}

interface DeviceApprovalsDeps {
  readonly provider: Provider
  readonly profile: Pick<AuthorizationProfile, 'acr'>
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly consents: Consents
  readonly clock: Clock
}

type DeviceCode = NonNullable<Awaited<ReturnType<Provider['DeviceCode']['findByUserCode']>>>

/** Approvals of device codes by the control API, with the users' conditions as on the pages. */
export function createDeviceApprovals (deps: DeviceApprovalsDeps): DeviceApprovals {
  return {
    async decide (sandboxId, decision) {
      const code = await deps.provider.DeviceCode.findByUserCode(normalizeUserCode(decision.userCode), { ignoreExpiration: true })
      const client = await deps.clients.find(code?.clientId ?? '')
      if (code === undefined || client?.sandboxId !== sandboxId) return { kind: 'unknown' }
      if (code.isExpired) return { kind: 'refused', detail: 'The code has expired.' }
      if (code.error !== undefined || code.accountId !== undefined) return { kind: 'refused', detail: 'The code has been answered already.' }
      if (decision.decision === 'deny') return await deny(code, 'The user denied.')
      const user = await deps.users.findByUsername(sandboxId, decision.username)
      return user === undefined ? { kind: 'refused', detail: `The sandbox has no test user ${decision.username}.` } : await approve(deps, sandboxId, code, user, decision)
    },
  }
}

async function deny (code: DeviceCode, detail: string): Promise<DeviceOutcome> {
  Object.assign(code, { error: 'access_denied', errorDescription: 'End-User denied the request' })
  await code.save()
  return { kind: 'denied', clientId: code.clientId ?? '', detail }
}

async function approve (deps: DeviceApprovalsDeps, sandboxId: SandboxId, code: DeviceCode, user: TestUser, { oneTimeCode }: DeviceDecision): Promise<DeviceOutcome> {
  const params = (code as { params?: Readonly<Record<string, unknown>> }).params ?? {}
  const demand = readAcrDemand(params, deps.profile.acr)
  if (demand.unmet !== undefined) return { kind: 'refused', detail: `The request demands acr ${demand.unmet}, which this server does not have.` }
  const verdict = await judgeSignIn(user, { isPasswordProven: true, ...(oneTimeCode === undefined ? {} : { oneTimeCode }) }, demand, deps.profile.acr)
  if (verdict.kind === 'asks') return { kind: 'refused', detail: 'The sign-in needs a one-time code: send otp.' }
  if (verdict.kind === 'refused') return { kind: 'refused', detail: `The user cannot sign in: ${verdict.detail}.` }
  if (user.conditions?.consentDenied === true) return await deny(code, `The test user ${user.username} has the condition consent_denied.`)
  const { clientId = '' } = code
  const scopes = readScopes(params)
  const resources = readResources(params)
  const authorizationDetails = readAuthorizationDetails(params)
  const grantId = await deps.consents.give({ sandboxId, sub: user.sub, clientId, scopes, resources, claims: readRequestedClaims(params), authorizationDetails })
  Object.assign(code, {
    accountId: user.sub,
    acr: verdict.acr,
    amr: [...verdict.amr],
    authTime: Math.floor(deps.clock.nowMs() / 1000),
    grantId,
    scope: scopes.join(' '),
    ...resourceOf(resources),
    ...claimsOf(params),
    ...(authorizationDetails.length === 0 ? {} : { rar: authorizationDetails }),
  })
  await code.save()
  return { kind: 'approved', clientId, sub: user.sub, scopes }
}

/** One resource is kept as it is, several as a list, as the library does. */
export function resourceOf (resources: readonly string[]): { readonly resource?: string | string[] } {
  const [first] = resources
  return first === undefined ? {} : { resource: resources.length === 1 ? first : [...resources] }
}

/** The claims that the tokens will carry: those asked for, and the time and class of the sign-in where they matter. */
function claimsOf (params: Readonly<Record<string, unknown>>): { readonly claims?: JsonObject } {
  const asked = typeof params['claims'] === 'string' ? JSON.parse(params['claims']) as JsonObject : {}
  const idToken = { ...(asked['id_token'] as JsonObject | undefined), ...(params['max_age'] === undefined ? {} : { auth_time: { essential: true } }), ...(params['acr_values'] === undefined ? {} : { acr: null }) }
  const claims = Object.keys(idToken).length === 0 ? asked : { ...asked, id_token: idToken }
  return Object.keys(claims).length === 0 ? {} : { claims }
}
