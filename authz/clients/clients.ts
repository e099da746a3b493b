import { createHash } from 'node:crypto'
import { errors, type AdapterPayload, type Provider } from 'oidc-provider'
import { isDistinguishedName } from '../../certs/index.ts'
import { randomId, randomToken, Secret, whenSettled, type ClientId, type Clock, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/ports.ts'
import type { ClientDirectory, ClientRecord } from './client-directory.ts'
import { hasSecret } from './describe-client.ts'

/** What a client is made of. */
export interface NewClient {
  readonly sandboxId: SandboxId
  readonly name: string
  readonly authMethod: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  /** At least one, each an OpenID scope or one of an API. */
  readonly scopes: readonly string[]
  readonly grants: readonly string[]
  /** RFC 4514; needed by and only by `tls_client_auth`. */
  readonly tlsSubjectDn?: string
  /** Public keys; needed by `private_key_jwt`. */
  readonly jwks?: { readonly keys: readonly JsonObject[] }
}

/** A client as others may see it: without anything of its secret. */
export type ClientView = Omit<ClientRecord, 'secretHash'>
/** The only time that a client's secret is seen. */
export type CreatedClient = ClientView & { readonly clientSecret?: Secret }

export interface Clients {
  /** Works at once on every instance. Rejects with ClientRefused when the metadata is not acceptable. */
  readonly create: (client: NewClient) => Promise<CreatedClient>
  readonly get: (clientId: string) => MaybePromise<ClientView | undefined>
  readonly list: (sandboxId: SandboxId) => Promise<readonly ClientView[]>
  /** Its tokens stop working at once. False when there was none. */
  readonly delete: (clientId: string) => Promise<boolean>
}

/** The metadata of a new client is not acceptable; the message says why and may be shown to whoever sent it. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused'
}

/** Clients of all sandboxes: created here, checked by oidc-provider's own rules (RFC 7591 §2), kept in the directory. */
export function createClients (deps: {
  readonly provider: Provider
  readonly directory: ClientDirectory
  readonly clock: Clock
  readonly describe: (record: ClientRecord) => AdapterPayload
}): Clients {
  const { directory } = deps

  async function create (client: NewClient): Promise<CreatedClient> {
    const secret = hasSecret(client.authMethod) ? randomToken(32) : undefined
    const record: ClientRecord = {
      clientId: randomId('cli') as ClientId,
      sandboxId: client.sandboxId,
      name: client.name,
      authMethod: client.authMethod,
      redirectUris: client.redirectUris,
      postLogoutRedirectUris: client.postLogoutRedirectUris ?? [],
      scopes: client.scopes,
      grants: client.grants,
      createdAtMs: deps.clock.nowMs(),
      ...(client.tlsSubjectDn === undefined ? {} : { tlsSubjectDn: client.tlsSubjectDn }),
      ...(client.jwks === undefined ? {} : { jwks: client.jwks }),
      ...(secret === undefined ? {} : { secretHash: hashSecret(secret) }),
    }
    await validate(deps.provider, deps.describe(record), record)
    await directory.put(record)
    return { ...withoutSecret(record), ...(secret === undefined ? {} : { clientSecret: new Secret(secret) }) }
  }

  return {
    create,
    get: (clientId) => whenSettled(directory.find(clientId), (record) => record && withoutSecret(record)),
    list: async (sandboxId) => (await directory.list(sandboxId)).map(withoutSecret),
    delete: async (clientId) => await directory.delete(clientId),
  }
}

/** base64url SHA-256: a secret of 256 random bits needs nothing slower. */
export function hashSecret (secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

async function validate (provider: Provider, metadata: AdapterPayload, record: ClientRecord): Promise<void> {
  // An empty list would mean "no restriction" to the library.
  if (record.scopes.length === 0) throw new ClientRefused('scopes must name at least one scope')
  if (record.tlsSubjectDn !== undefined && !isDistinguishedName(record.tlsSubjectDn)) throw new ClientRefused('tlsSubjectDn must be a distinguished name in the form of RFC 4514')
  const { Client } = provider as unknown as { Client: { validate: (metadata: AdapterPayload) => Promise<void> } }
  try {
    await Client.validate(metadata)
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) throw new ClientRefused(error.error_description ?? error.message, { cause: error })
    throw error
  }
}

function withoutSecret ({ secretHash: _, ...view }: ClientRecord): ClientView {
  return view
}
