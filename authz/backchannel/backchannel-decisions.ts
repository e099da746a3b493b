import { errors, type Provider } from 'oidc-provider'
import type { Clock, SandboxId } from '../../kernel/index.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { readAuthorizationDetails, readResources, type Consents } from '../interaction/consents.ts'
import { readRequestedClaims } from '../interaction/read-demand.ts'
import type { TestUser, TestUsers } from '../interaction/users/test-users.ts'
import type { BackchannelRequest, BackchannelRequests } from './backchannel-requests.ts'

/** What became of a decision. `refused`: the request can no longer be decided. */
export type BackchannelOutcome =
  | { readonly kind: 'decided', readonly request: BackchannelRequest }
  | { readonly kind: 'refused', readonly detail: string }
  | { readonly kind: 'unknown' }

/** The test user's other device. */
export interface BackchannelDecisions {
  readonly list: (sandboxId: SandboxId) => Promise<readonly BackchannelRequest[]>
  /** Approves or denies once; of concurrent decisions one counts. Requests of other sandboxes are unknown. */
  readonly decide: (sandboxId: SandboxId, id: string, decision: 'approve' | 'deny') => Promise<BackchannelOutcome>
  /** Makes the decision of the user's condition if its time has come. */
  readonly settle: (clientId: string, id: string) => Promise<void>
}

export interface BackchannelDeps {
  readonly provider: () => Provider
  readonly profile: Pick<AuthorizationProfile, 'acr'>
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly consents: () => Consents
  readonly requests: BackchannelRequests
  readonly clock: Clock
}

type Artifact = InstanceType<Provider['BackchannelAuthenticationRequest']> & { readonly params?: Readonly<Record<string, unknown>>, readonly scope?: string }

/** Decisions about backchannel requests: by the control API, or by the user's own condition. */
export function createBackchannelDecisions (deps: BackchannelDeps): BackchannelDecisions {
  const { requests, clock } = deps

  async function decide (sandboxId: SandboxId, id: string, decision: 'approve' | 'deny'): Promise<BackchannelOutcome> {
    const request = await requests.get(sandboxId, id)
    if (request === undefined) return { kind: 'unknown' }
    const artifact = await deps.provider().BackchannelAuthenticationRequest.find(id, { ignoreExpiration: true }) as Artifact | undefined
    const nowMs = clock.nowMs()
    if (artifact === undefined || artifact.isExpired || nowMs >= request.expiresAtMs) return { kind: 'refused', detail: 'The request has expired.' }
    if (!await requests.claim(id, request.expiresAtMs - nowMs)) return { kind: 'refused', detail: 'The request has been decided already.' }
    const user = await deps.users.get(sandboxId, request.sub)
    const obstacle = decision === 'deny' ? 'the user denied' : whyDenied(user)
    const notification = obstacle === undefined ? await approve(deps, sandboxId, request, artifact, user) : await deny(deps, artifact, request, obstacle)
    const decided: BackchannelRequest = { ...request, status: obstacle === undefined ? 'approved' : 'denied', ...(obstacle === undefined ? {} : { detail: obstacle }), ...(notification === undefined ? {} : { notification }) }
    await requests.put(sandboxId, decided, nowMs)
    return { kind: 'decided', request: decided }
  }

  return {
    decide,
    list: async (sandboxId) => await requests.list(sandboxId),
    async settle (clientId, id) {
      const client = await deps.clients.find(clientId)
      const request = client === undefined ? undefined : await requests.get(client.sandboxId, id)
      if (client === undefined || request?.automatic === undefined || request.status !== 'waiting' || request.clientId !== clientId) return
      if (clock.nowMs() >= request.automatic.atMs) await decide(client.sandboxId, id, request.automatic.decision)
    },
  }
}

/** What keeps a user from approving, as it would keep the user from signing in on a page. */
function whyDenied (user: TestUser | undefined): string | undefined {
  if (user === undefined) return 'the test user was deleted'
  const { locked, passwordExpired, consentDenied } = user.conditions ?? {}
  const condition = locked === true ? 'locked' : passwordExpired === true ? 'password_expired' : consentDenied === true ? 'consent_denied' : undefined
  return condition === undefined ? undefined : `the test user ${user.username} has the condition ${condition}`
}

async function approve (deps: BackchannelDeps, sandboxId: SandboxId, request: BackchannelRequest, artifact: Artifact, user: TestUser | undefined): Promise<string | undefined> {
  const params = artifact.params ?? {}
  const authorizationDetails = readAuthorizationDetails(params)
  const grantId = await deps.consents().give({
    sandboxId,
    sub: request.sub,
    clientId: request.clientId,
    scopes: request.scopes,
    resources: readResources(params),
    claims: readRequestedClaims(params),
    authorizationDetails,
  })
  // The other device is the second factor: who holds it has approved there.
  const isMultiFactor = user?.conditions?.mfaRequired === true
  return await tell(deps, artifact, request, grantId, {
    acr: isMultiFactor ? deps.profile.acr.multiFactor : deps.profile.acr.singleFactor,
    amr: isMultiFactor ? ['swk', 'pin', 'mfa'] : ['swk'],
    authTime: Math.floor(deps.clock.nowMs() / 1000),
    ...(authorizationDetails.length === 0 ? {} : { rar: authorizationDetails }),
  })
}

async function deny (deps: BackchannelDeps, artifact: Artifact, request: BackchannelRequest, detail: string): Promise<string | undefined> {
  return await tell(deps, artifact, request, new errors.AccessDenied('End-User denied the request', detail), {})
}

/** Keeps the result, and pings the client that wants it (CIBA Core §10.2). A ping that fails changes nothing: the client can poll. */
async function tell (deps: BackchannelDeps, artifact: Artifact, { deliveryMode }: BackchannelRequest, result: string | Error, options: object): Promise<string | undefined> {
  try {
    await deps.provider().backchannelResult(artifact, result as never, options)
    return deliveryMode === 'ping' ? 'delivered' : undefined
  } catch (fault) {
    if (deliveryMode !== 'ping') throw fault
    return `failed: ${fault instanceof Error ? fault.message : String(fault)}`
  }
}
