import { exportJWK, generateKeyPair } from 'jose'
import type { AuthorizationServer } from '../../authz/index.ts'
import type { Authority } from '../../certs/index.ts'
import { randomId, type Clock, type JsonObject, Secret, type SandboxId } from '../../kernel/index.ts'
import type { SandboxCore } from '../../sandbox-core/index.ts'
import type { KeyValue } from '../../stores/index.ts'
import type { ControlCredentials } from './credentials.ts'
import { readTestUser, type TestUserTemplate } from './test-user-template.ts'
import type { IssuedCertificates } from './issued-certificates.ts'

/** What the registry of sandboxes is made of. */
export interface SandboxesDeps {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly authz: Pick<AuthorizationServer, 'clients' | 'users'>
  readonly core: Pick<SandboxCore, 'create'>
  readonly authority: Pick<Authority, 'issueClientCertificate'>
  readonly certificates: Pick<IssuedCertificates, 'remember'>
  readonly credentials: Pick<ControlCredentials, 'issueSandboxKey'>
  /** What clients may be; as the security profile leaves it. */
  readonly offered: { readonly authMethods: readonly string[], readonly grants: readonly string[] }
  readonly template: {
    readonly testUsers: readonly TestUserTemplate[]
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

/** The first client, with the simplest authentication that the profile has. */
export interface FirstClient {
  readonly id: string
  readonly authMethod: string
  readonly secret?: Secret
  /** A private key as JWK (RFC 7517), for `private_key_jwt`. */
  readonly privateJwk?: Secret
}

/** Everything a developer needs for a new sandbox; secrets and keys are shown this once. */
export interface NewSandbox {
  readonly sandbox: Sandbox
  readonly key: Secret
  readonly client: FirstClient
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

async function furnish (sandbox: Sandbox, deps: SandboxesDeps): Promise<NewSandbox> {
  const { keyValue, authz, core, authority, certificates, credentials, template, offered } = deps
  const sandboxId = sandbox.id as SandboxId
  await core.create(sandboxId, { seed: sandbox.id })
  for (const user of template.testUsers) await authz.users.create(sandboxId, readTestUser(user))
  const shared = { sandboxId, redirectUris: [...template.redirectUris], scopes: [...template.clientScopes], grants: FIRST_GRANTS.filter((grant) => offered.grants.includes(grant)) }
  const client = await createFirstClient({ ...shared, name: `${sandbox.name} (secret)` }, deps)
  const certificate = await authority.issueClientCertificate({ commonName: sandbox.id, organization: sandbox.account, lifetimeMs: template.certificateLifetimeMs })
  // Where production does not take certificates as authentication, one is still good for binding tokens.
  const mtlsClientId = offered.authMethods.includes('tls_client_auth')
    ? (await authz.clients.create({ ...shared, name: `${sandbox.name} (certificate)`, authMethod: 'tls_client_auth', tlsSubjectDn: certificate.subjectDn })).clientId
    : client.id
  await certificates.remember(sandbox.id, { ...certificate, kind: 'client', key: 'ec-p256', order: { commonName: sandbox.id, organization: sandbox.account, names: [], psd2: null } })
  const key = await credentials.issueSandboxKey(sandboxId)
  await keyValue.put(SPACE, sandbox.id, sandbox)
  return {
    sandbox,
    key,
    client,
    mtlsClient: { id: mtlsClientId, subjectDn: certificate.subjectDn, serial: certificate.serial, certificatePem: certificate.certificatePem, privateKeyPem: new Secret(certificate.keyPem), notAfterMs: certificate.notAfterMs },
    testUsers: template.testUsers.map((user) => user.username),
  }
}

const FIRST_GRANTS = ['client_credentials', 'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']
/** From the simplest to try by hand. */
const FIRST_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'none']

type FirstClientOptions = Omit<Parameters<AuthorizationServer['clients']['create']>[0], 'authMethod'>

async function createFirstClient (options: FirstClientOptions, { authz, offered }: SandboxesDeps): Promise<FirstClient> {
  const authMethod = FIRST_METHODS.find((method) => offered.authMethods.includes(method))
  if (authMethod === undefined) throw new Error(`no first client can be made with any of ${offered.authMethods.join(', ')}`)
  if (authMethod !== 'private_key_jwt') {
    const { clientId, clientSecret } = await authz.clients.create({ ...options, authMethod, grants: authMethod === 'none' ? options.grants.filter((grant) => grant !== 'client_credentials') : options.grants })
    return { id: clientId, authMethod, ...(clientSecret === undefined ? {} : { secret: clientSecret }) }
  }
  const { publicJwk, privateJwk } = await createClientKey()
  const { clientId } = await authz.clients.create({ ...options, authMethod, jwks: { keys: [publicJwk] } })
  return { id: clientId, authMethod, privateJwk: new Secret(JSON.stringify(privateJwk)) }
}

/** ES256 is allowed by every security profile. */
async function createClientKey (): Promise<{ readonly publicJwk: JsonObject, readonly privateJwk: JsonObject }> {
  const alg = 'ES256'
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const named = { kid: randomId('key', 8), alg, use: 'sig' }
  return { publicJwk: { ...await exportJWK(publicKey), ...named }, privateJwk: { ...await exportJWK(privateKey), ...named } }
}
