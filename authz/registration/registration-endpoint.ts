import { isJsonObject, randomToken, type JsonObject } from '../../kernel/index.ts'
import { hashSecret, isHashOf } from '../clients/secret-keeper.ts'
import type { ClientDirectory, ClientRecord } from '../clients/client-directory.ts'
import { ClientQuotaExceeded, ClientRefused, type Clients, type CreatedClient } from '../clients/clients.ts'
import { registeredMetadata } from '../clients/describe-client.ts'
import { joinMetadata, SERVER_CHOSEN, splitMetadata } from '../clients/split-metadata.ts'
import { RegistrationRefused } from './registration-refused.ts'
import type { RegistrationToken, RegistrationTokens } from './registration-tokens.ts'
import type { ApplySoftwareStatement } from './software-statement.ts'

export interface RegistrationDeps {
  readonly clients: Pick<Clients, 'create' | 'update' | 'delete'>
  readonly directory: Pick<ClientDirectory, 'find'>
  readonly tokens: Pick<RegistrationTokens, 'find' | 'spend'>
  readonly applySoftwareStatement: ApplySoftwareStatement
  /** For a client that names no scope. */
  readonly defaultScopes: readonly string[]
  /** Clients that a sandbox may have. */
  readonly clientsMax: number
  readonly signingAlgorithm: string
  /** Where a registered client is managed. */
  readonly locationOf: (clientId: string) => string
}

/** What client registration (RFC 7591 §3) and its management (RFC 7592 §2) do, apart from HTTP. Each rejects with RegistrationRefused. */
export interface Registration {
  readonly register: (token: string, body: unknown) => Promise<JsonObject>
  readonly read: (token: string, clientId: string) => Promise<JsonObject>
  readonly replace: (token: string, clientId: string, body: unknown) => Promise<JsonObject>
  readonly remove: (token: string, clientId: string) => Promise<void>
}

/** Members that an update must not carry (RFC 7592 §2.2). */
const NOT_IN_UPDATES = ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']
const UNNAMED = 'Registered client'

/**
 * Clients that register themselves: they belong to the sandbox of their initial access token and count into its quota. Members
 * that are not known here are ignored (RFC 7591 §2). Every update replaces the registration access token, of which, as of the
 * secret, a hash is kept: reading shows no secret.
 */
export function createRegistration (deps: RegistrationDeps): Registration {
  const authorize = async (token: string, clientId: string): Promise<ClientRecord> => {
    const record = await deps.directory.find(clientId)
    if (record?.registrationTokenHash !== undefined && isHashOf(record.registrationTokenHash, token)) return record
    throw new RegistrationRefused('invalid_token', 'invalid token provided', { detail: record === undefined ? 'there is no such client' : 'the token is not the registration access token of this client, or was replaced at its last update' })
  }
  return {
    register: async (token, body) => await register(deps, token, body),
    read: async (token, clientId) => describe(deps, await authorize(token, clientId), token),
    replace: async (token, clientId, body) => await replace(deps, await authorize(token, clientId), token, body),
    remove: async (token, clientId) => { await deps.clients.delete((await authorize(token, clientId)).clientId) },
  }
}

async function register (deps: RegistrationDeps, token: string, body: unknown): Promise<JsonObject> {
  const initial = await deps.tokens.find(token)
  if (initial === undefined) throw new RegistrationRefused('invalid_token', 'invalid token provided', { detail: 'there is no such initial access token: it has expired, was revoked or never was' })
  try {
    return await registerIn(deps, initial, body)
  } catch (error) {
    throw error instanceof RegistrationRefused ? error.in(initial.sandboxId) : error
  }
}

async function registerIn (deps: RegistrationDeps, initial: RegistrationToken, body: unknown): Promise<JsonObject> {
  const metadata = withoutServerMembers(await deps.applySoftwareStatement(readBody(body)))
  const use = await deps.tokens.spend(initial)
  if (use === undefined) throw new RegistrationRefused('invalid_token', 'invalid token provided', { detail: `the initial access token was for ${initial.usesMax} registrations, which are made` })
  const registrationToken = newRegistrationToken()
  try {
    const created = await explain(async () => await deps.clients.create({
      ...readFacts(deps, metadata),
      sandboxId: initial.sandboxId,
      registrationTokenHash: hashSecret(registrationToken),
      unknown: 'ignore',
      maximum: deps.clientsMax,
    }))
    return describe(deps, created, registrationToken, created)
  } catch (error) {
    await use.release()
    throw error
  }
}

async function replace (deps: RegistrationDeps, record: ClientRecord, token: string, body: unknown): Promise<JsonObject> {
  const given = readBody(body)
  const forbidden = NOT_IN_UPDATES.find((member) => given[member] !== undefined)
  if (forbidden !== undefined) throw new RegistrationRefused('invalid_client_metadata', `${forbidden} must not be in an update (RFC 7592 §2.2)`)
  const { client_id: clientId, client_secret: secret, ...metadata } = given
  if (clientId !== record.clientId) throw new RegistrationRefused('invalid_client_metadata', 'client_id must be the client\'s own (RFC 7592 §2.2)')
  if (secret !== undefined && secret !== null && !isOwnSecret(record, secret)) throw new RegistrationRefused('invalid_client_metadata', 'client_secret must be the client\'s current one, or be left out: the server chooses it (RFC 7592 §2.2)')
  const applied = withoutServerMembers(await deps.applySoftwareStatement(metadata))
  const registrationToken = newRegistrationToken()
  const updated = await explain(async () => await deps.clients.update(record.clientId, {
    metadata: joinMetadata(readFacts(deps, applied)),
    isWhole: true,
    registrationTokenHash: hashSecret(registrationToken),
    expectedTokenHash: hashSecret(token),
    unknown: 'ignore',
  }))
  if (updated === undefined) throw new RegistrationRefused('invalid_token', 'invalid token provided', { detail: 'another update used the registration access token at the same time' })
  return describe(deps, updated, registrationToken, updated)
}

function newRegistrationToken (): string {
  return `sgra_${randomToken(32)}`
}

function readBody (body: unknown): JsonObject {
  if (isJsonObject(body)) return body
  throw new RegistrationRefused('invalid_client_metadata', 'client metadata must be a JSON object (RFC 7591 §3.1)')
}

/** What only the server may say is ignored, from whomever it comes. */
function withoutServerMembers (metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([member]) => !SERVER_CHOSEN.includes(member)))
}

function readFacts (deps: RegistrationDeps, metadata: JsonObject): ReturnType<typeof splitMetadata> {
  try {
    const facts = splitMetadata(metadata)
    return { ...facts, name: facts.name === '' ? UNNAMED : facts.name, scopes: facts.scopes.length === 0 ? deps.defaultScopes : facts.scopes }
  } catch (error) {
    throw toRegistrationError(error)
  }
}

function isOwnSecret ({ secretHash }: ClientRecord, secret: unknown): boolean {
  return typeof secret === 'string' && secretHash !== undefined && isHashOf(secretHash, secret)
}

async function explain<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toRegistrationError(error)
  }
}

function toRegistrationError (error: unknown): unknown {
  if (error instanceof ClientRefused) return new RegistrationRefused(error.member === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata', error.message, { cause: error })
  if (error instanceof ClientQuotaExceeded) return new RegistrationRefused('invalid_client_metadata', 'no more clients can be registered with this token', { cause: error, detail: error.message })
  return error
}

/** The client information response (RFC 7591 §3.2.1); `created` has a secret to show when one was made just now. */
function describe (deps: RegistrationDeps, record: Omit<ClientRecord, 'secretHash'>, registrationToken: string, created?: CreatedClient): JsonObject {
  return {
    ...registeredMetadata(record, deps.signingAlgorithm),
    ...joinMetadata(record),
    client_id: record.clientId,
    client_id_issued_at: Math.floor(record.createdAtMs / 1000),
    ...(created?.clientSecret === undefined ? {} : { client_secret: created.clientSecret.reveal(), client_secret_expires_at: 0 }),
    registration_access_token: registrationToken,
    registration_client_uri: deps.locationOf(record.clientId),
  }
}
