import type { AuthorizationServer } from '../../authz/index.ts'
import type { Authority } from '../../certs/index.ts'
import { randomId, type Clock, type JsonObject, Secret, type SandboxId } from '../../kernel/index.ts'
import type { SandboxCore } from '../../sandbox-core/index.ts'
import type { KeyValue } from '../../stores/index.ts'
import type { ControlCredentials } from './credentials.ts'

/** What the registry of sandboxes is made of. */
export interface SandboxesDeps {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly authz: Pick<AuthorizationServer, 'clients' | 'users'>
  readonly core: Pick<SandboxCore, 'create'>
  readonly authority: Pick<Authority, 'issueClientCertificate'>
  readonly credentials: Pick<ControlCredentials, 'issueSandboxKey'>
  readonly template: {
    readonly testUsers: ReadonlyArray<{ readonly username: string, readonly name: string, readonly email: string }>
    readonly clientScopes: readonly string[]
    readonly redirectUris: readonly string[]
    readonly certificateLifetimeMs: number
    readonly maximumPerAccount: number
  }
}

export interface Sandbox extends JsonObject {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly created_at: string
}

/** Everything a developer needs for a new sandbox; secrets and keys are shown this once. */
export interface NewSandbox {
  readonly sandbox: Sandbox
  readonly key: Secret
  readonly client: { readonly id: string, readonly secret: Secret }
  readonly mtlsClient: { readonly id: string, readonly subjectDn: string, readonly serial: string, readonly certificatePem: string, readonly privateKeyPem: Secret, readonly notAfterMs: number }
  readonly testUsers: readonly string[]
}

export interface Sandboxes {
  /** @returns undefined when the account has its maximum of sandboxes */
  readonly create: (options: { readonly account?: string, readonly name?: string }) => Promise<NewSandbox | undefined>
  readonly get: (id: string) => Promise<Sandbox | undefined>
  readonly list: () => Promise<readonly Sandbox[]>
}

const SPACE = 'sandbox'
const PLACES = 'sandbox-place'
const LIST_MAX = 1000

/** Keeps sandboxes and makes them whole: world, test users, a client with a secret, one with a certificate, and a key. */
export function createSandboxes (deps: SandboxesDeps): Sandboxes {
  const list = async (): Promise<readonly Sandbox[]> => (await deps.keyValue.list(SPACE, { limit: LIST_MAX })).map((entry) => entry.value as Sandbox)
  return {
    list,
    get: async (id) => await deps.keyValue.get(SPACE, id) as Sandbox | undefined,
    create: async ({ account = randomId('acc'), name = 'Sandbox' }) => {
      const sandbox: Sandbox = { id: randomId('sbx', 16), account, name, created_at: new Date(deps.clock.nowMs()).toISOString() }
      const place = await takePlace(sandbox, deps)
      if (place === undefined) return undefined
      try {
        return await furnish(sandbox, deps)
      } catch (fault) {
        await deps.keyValue.delete(PLACES, place)
        throw fault
      }
    },
  }
}

/** Takes one of the account's numbered places: each can be taken once, so that no number of concurrent requests exceeds the quota. */
async function takePlace ({ id, account }: Sandbox, { keyValue, template }: SandboxesDeps): Promise<string | undefined> {
  for (let number = 1; number <= template.maximumPerAccount; number++) {
    const place = `${account}/${number}`
    if (await keyValue.putIfAbsent(PLACES, place, { sandbox: id })) return place
  }
  return undefined
}

async function furnish (sandbox: Sandbox, { keyValue, authz, core, authority, credentials, template }: SandboxesDeps): Promise<NewSandbox> {
  const sandboxId = sandbox.id as SandboxId
  await core.create(sandboxId, { seed: sandbox.id })
  for (const user of template.testUsers) await authz.users.create(sandboxId, user)
  const shared = { sandboxId, redirectUris: [...template.redirectUris], scopes: [...template.clientScopes] }
  const confidential = await authz.clients.create({ ...shared, name: `${sandbox.name} (secret)`, authMethod: 'client_secret_basic', grants: ['client_credentials', 'authorization_code', 'refresh_token'] })
  const certificate = await authority.issueClientCertificate({ commonName: sandbox.id, organization: sandbox.account, lifetimeMs: template.certificateLifetimeMs })
  const mtls = await authz.clients.create({ ...shared, name: `${sandbox.name} (certificate)`, authMethod: 'tls_client_auth', grants: ['client_credentials', 'authorization_code', 'refresh_token'], tlsSubjectDn: certificate.subjectDn })
  await keyValue.put('certificate', certificate.serial, { sandbox: sandbox.id, subject: certificate.subjectDn, not_after: new Date(certificate.notAfterMs).toISOString() })
  const key = await credentials.issueSandboxKey(sandboxId)
  await keyValue.put(SPACE, sandbox.id, sandbox)
  if (confidential.clientSecret === undefined) throw new Error('the authorization server made a confidential client without a secret')
  return {
    sandbox,
    key,
    client: { id: confidential.clientId, secret: confidential.clientSecret },
    mtlsClient: { id: mtls.clientId, subjectDn: certificate.subjectDn, serial: certificate.serial, certificatePem: certificate.certificatePem, privateKeyPem: new Secret(certificate.keyPem), notAfterMs: certificate.notAfterMs },
    testUsers: template.testUsers.map((user) => user.username),
  }
}
