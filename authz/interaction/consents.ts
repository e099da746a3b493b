import type { Provider } from 'oidc-provider'
import type { Clock, Json, JsonObject, SandboxId } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { OPENID_SCOPES, type ProtectedApi } from '../authorization-profile.ts'
import { listAll, type ClientDirectory } from '../clients/client-directory.ts'
import { spaceOf, type IssuedTokens } from '../tokens/issued-tokens.ts'

/** What a test user allowed a client to do. */
export interface Consent {
  readonly id: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly claims: readonly string[]
  readonly authorizationDetails: readonly JsonObject[]
  readonly grantedAtMs: number
}

/** What is consented to: what the request asked for. */
export interface ConsentRequest {
  readonly sandboxId: SandboxId
  readonly sub: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** Audiences asked for; those that no API has are left out. */
  readonly resources: readonly string[]
  readonly claims: readonly string[]
  readonly authorizationDetails: readonly JsonObject[]
}

/** The consents of each test user, kept as grants that all tokens hang on. */
export interface Consents {
  /** @returns the id of the grant */
  readonly give: (request: ConsentRequest) => Promise<string>
  /** Those in force, newest first. */
  readonly list: (sandboxId: SandboxId, sub: string) => Promise<readonly Consent[]>
  /** Ends a consent and every token of it at once. False when there was none. */
  readonly revoke: (sandboxId: SandboxId, sub: string, id: string) => Promise<boolean>
  /** Ends all of a user's, or those given to one client. @returns how many */
  readonly revokeAll: (sandboxId: SandboxId, sub: string, clientId?: string) => Promise<number>
}

interface ConsentsDeps {
  readonly provider: Provider
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly issued: Pick<IssuedTokens, 'revokeGrant'>
  readonly apis: readonly ProtectedApi[]
  readonly clients: ClientDirectory
  /** How long a grant lives at least; the list of consents forgets it then. */
  readonly ttlMs: number
}

/** Consents over the library's grants, with an index by user of our own. */
export function createConsents (deps: ConsentsDeps): Consents {
  const { provider, keyValue, clock } = deps
  const space = (sandboxId: SandboxId, sub: string): string => `user-consent:${sandboxId}:${sub}`

  async function list (sandboxId: SandboxId, sub: string): Promise<readonly Consent[]> {
    const entries = (await listAll(keyValue, space(sandboxId, sub))).map(({ value }) => value as unknown as Consent)
    const standing = await Promise.all(entries.map(async (consent) => {
      // A client of another sandbox never gets here; one that was deleted has no consent any more.
      const isStanding = await keyValue.get(spaceOf('Grant'), consent.id) !== undefined && await deps.clients.find(consent.clientId) !== undefined
      if (!isStanding) await keyValue.delete(space(sandboxId, sub), consent.id)
      return isStanding ? consent : undefined
    }))
    return standing.filter((consent) => consent !== undefined).sort((a, b) => b.grantedAtMs - a.grantedAtMs)
  }

  async function revoke (sandboxId: SandboxId, sub: string, id: string): Promise<boolean> {
    const consent = await keyValue.take(space(sandboxId, sub), id)
    if (consent === undefined) return false
    await deps.issued.revokeGrant(id)
    return true
  }

  return {
    list,
    revoke,
    async give ({ sandboxId, sub, clientId, scopes, resources, claims, authorizationDetails }) {
      const client = await provider.Client.find(clientId)
      if (client === undefined) throw new Error(`the client ${clientId} does not exist any more`)
      // With the client itself, because a grant's lifetime may be the client's own.
      const grant = new provider.Grant({ accountId: sub, client } as object)
      grant.addOIDCScope(scopes.join(' '))
      if (claims.length > 0) grant.addOIDCClaims([...claims])
      const apis = deps.apis.filter(({ audience }) => resources.includes(audience))
      for (const api of apis) {
        const scope = scopes.filter((name) => OPENID_SCOPES.includes(name) || api.scopes.includes(name)).join(' ')
        if (scope !== '') grant.addResourceScope(api.audience, scope)
      }
      for (const detail of authorizationDetails) grant.addRar(detail as JsonObject & { type: string })
      const id = await grant.save()
      const consent: Consent = { id, clientId, scopes, resources: apis.map(({ audience }) => audience), claims, authorizationDetails, grantedAtMs: clock.nowMs() }
      await keyValue.put(space(sandboxId, sub), id, consent as unknown as Json, { ttlMs: deps.ttlMs })
      return id
    },
    async revokeAll (sandboxId, sub, clientId) {
      const consents = (await list(sandboxId, sub)).filter((consent) => clientId === undefined || consent.clientId === clientId)
      for (const { id } of consents) await revoke(sandboxId, sub, id)
      return consents.length
    },
  }
}

/** Parses `authorization_details` (RFC 9396 §2), which the library has checked; empty when there are none. */
export function readAuthorizationDetails (params: Readonly<Record<string, unknown>>): JsonObject[] {
  const text = params['authorization_details']
  return typeof text === 'string' ? JSON.parse(text) as JsonObject[] : []
}

/** The scopes of a request, each once. */
export function readScopes (params: Readonly<Record<string, unknown>>): string[] {
  const { scope } = params
  return typeof scope === 'string' ? [...new Set(scope.split(' ').filter((name) => name !== ''))] : []
}

/** The resources of a request (RFC 8707 §2). */
export function readResources (params: Readonly<Record<string, unknown>>): string[] {
  return [params['resource']].flat().filter((resource) => typeof resource === 'string')
}
