import type { Provider } from 'oidc-provider'
import { randomId, Secret, whenSettled, type ClientId, type Clock, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { checkClient, type CheckClientDeps, type UnknownMembers } from './check-client.ts'
import type { ClientDirectory } from './client-directory.ts'
import type { ClientLifetimes, ClientRecord } from './client-record.ts'
import { ClientQuotaExceeded } from './client-refused.ts'
import { liveFormerSecret, type DescribeClientDeps } from './describe-client.ts'
import { needsClearSecret, needsSecret } from './needs-secret.ts'
import type { SecretKeeper } from './secret-keeper.ts'
import { joinMetadata, splitMetadata, type ClientFacts } from './split-metadata.ts'
import { withLock } from './store-lock.ts'

export { ClientQuotaExceeded, ClientRefused } from './client-refused.ts'

/** Clients that a sandbox may have, those included that registered themselves. */
export const CLIENTS_MAX = 20

/** What a client is made of. */
export interface NewClient extends Omit<ClientFacts, 'postLogoutRedirectUris'> {
  readonly sandboxId: SandboxId
  readonly postLogoutRedirectUris?: readonly string[]
  readonly lifetimes?: ClientLifetimes
  readonly isHeadless?: boolean
  readonly registrationTokenHash?: string
  /** What to do with metadata that is not known; default: refuse. */
  readonly unknown?: UnknownMembers
  /** Clients that the sandbox may have, this one included; default: any number. */
  readonly maximum?: number
}

/** What is changed of a client. */
export interface ClientChange {
  /** A JSON Merge Patch (RFC 7396) of the metadata, in the names of RFC 7591 §2; or all of it, when `isWhole`. */
  readonly metadata?: JsonObject
  readonly isWhole?: boolean
  /** Replaces the client's own lifetimes. */
  readonly lifetimes?: ClientLifetimes
  readonly isHeadless?: boolean
  readonly registrationTokenHash?: string
  /** Nothing is changed unless the client's registration access token is still this one. */
  readonly expectedTokenHash?: string
  readonly unknown?: UnknownMembers
}

/** A client as others may see it: without anything of its secrets. */
export type ClientView = Omit<ClientRecord, 'secretHash' | 'sealedSecret' | 'formerSecret' | 'registrationTokenHash'> & {
  readonly hasSecret: boolean
  readonly isSelfRegistered: boolean
  /** Until when the secret before the last rotation works. */
  readonly formerSecretUntilMs?: number
}

/** The only time that a client's secret is seen. */
export type CreatedClient = ClientView & { readonly clientSecret?: Secret }

export interface Clients {
  /** Works at once on every instance. Rejects with ClientRefused when the metadata is not acceptable, with ClientQuotaExceeded when there is no room. */
  readonly create: (client: NewClient) => Promise<CreatedClient>
  /** Works at once on every instance; a client that now needs a secret and has none gets one. Undefined when there is none, or it is not as expected. Rejects with ClientRefused. */
  readonly update: (clientId: string, change: ClientChange) => Promise<CreatedClient | undefined>
  /** Gives a new secret; the old one works for `overlapMs` more. Undefined when there is no such client, or it has no secret. */
  readonly rotateSecret: (clientId: string, overlapMs: number) => Promise<CreatedClient | undefined>
  readonly get: (clientId: string) => MaybePromise<ClientView | undefined>
  readonly list: (sandboxId: SandboxId) => Promise<readonly ClientView[]>
  /** Its tokens stop working at once. False when there was none. */
  readonly delete: (clientId: string) => Promise<boolean>
}

export interface ClientsDeps extends CheckClientDeps {
  readonly provider: Provider
  readonly directory: ClientDirectory
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly secrets: SecretKeeper
  readonly tokenAgeAdvanceMs: DescribeClientDeps['tokenAgeAdvanceMs']
}

/** Clients of all sandboxes: made and changed here, checked by oidc-provider's own rules (RFC 7591 §2), kept in the directory. */
export function createClients (deps: ClientsDeps): Clients {
  const { directory, keyValue } = deps
  const view = (record: ClientRecord): ClientView => viewOf(deps, record)
  const changing = async (clientId: string, change: (record: ClientRecord) => Promise<CreatedClient | undefined>): Promise<CreatedClient | undefined> =>
    await withLock(keyValue, `client:${clientId}`, async () => {
      const record = await keyValue.get('oauth-client', clientId) as unknown as ClientRecord | undefined
      return record === undefined ? undefined : await change(record)
    })

  return {
    create: async (client) => {
      const drafted = draft(deps, client)
      const record = await checkClient(deps, drafted.record, client.unknown ?? 'refuse')
      await withLock(keyValue, `clients-of:${client.sandboxId}`, async () => {
        if (client.maximum !== undefined && (await directory.list(client.sandboxId)).length >= client.maximum) throw new ClientQuotaExceeded(`a sandbox has at most ${client.maximum} clients`)
        await directory.put(record)
      })
      return { ...view(record), ...shown(drafted.secret) }
    },
    update: async (clientId, change) => await changing(clientId, async (record) => {
      if (change.expectedTokenHash !== undefined && change.expectedTokenHash !== record.registrationTokenHash) return undefined
      const { record: changed, secret } = withSecretAsNeeded(deps, applyChange(record, change))
      const checked = await checkClient(deps, changed, change.unknown ?? 'refuse')
      await directory.put(checked)
      return { ...view(checked), ...shown(secret) }
    }),
    rotateSecret: async (clientId, overlapMs) => await changing(clientId, async (record) => {
      if (record.secretHash === undefined) return undefined
      const { secret, record: rotated } = rotate(deps, record, overlapMs)
      await directory.put(rotated)
      return { ...view(rotated), clientSecret: new Secret(secret) }
    }),
    get: (clientId) => whenSettled(directory.find(clientId), (record) => record && view(record)),
    list: async (sandboxId) => (await directory.list(sandboxId)).map(view),
    delete: async (clientId) => await withLock(keyValue, `client:${clientId}`, async () => await directory.delete(clientId)),
  }
}

interface Draft { readonly record: ClientRecord, readonly secret?: string }

function draft (deps: ClientsDeps, { unknown: _unknown, maximum: _maximum, isHeadless, lifetimes, ...client }: NewClient): Draft {
  return withSecretAsNeeded(deps, {
    ...client,
    ...(lifetimes === undefined || Object.keys(lifetimes).length === 0 ? {} : { lifetimes }),
    clientId: randomId('cli') as ClientId,
    postLogoutRedirectUris: client.postLogoutRedirectUris ?? [],
    createdAtMs: deps.clock.nowMs(),
    ...(isHeadless === true ? { isHeadless } : {}),
  })
}

function applyChange ({ isHeadless: wasHeadless, lifetimes, ...record }: ClientRecord, change: ClientChange): ClientRecord {
  const { tlsSubjectDn: _dn, jwks: _jwks, metadata: _metadata, allowedOrigins: _origins, software: _software, ...identity } = record
  const facts = change.metadata === undefined ? record : splitMetadata(change.isWhole === true ? change.metadata : { ...joinMetadata(record), ...change.metadata })
  const isHeadless = change.isHeadless ?? wasHeadless === true
  return {
    ...identity,
    ...facts,
    ...(change.lifetimes === undefined ? (lifetimes === undefined ? {} : { lifetimes }) : Object.keys(change.lifetimes).length === 0 ? {} : { lifetimes: change.lifetimes }),
    ...(isHeadless ? { isHeadless: true } : {}),
    ...(change.registrationTokenHash === undefined ? {} : { registrationTokenHash: change.registrationTokenHash }),
  }
}

/** Gives a secret to a record that needs one and has none, or has none that can be had in clear; takes it from one that needs none. */
function withSecretAsNeeded ({ secrets, provider }: ClientsDeps, record: ClientRecord): Draft {
  const { secretHash, sealedSecret, formerSecret: _former, ...bare } = record
  if (!needsSecret(provider, record)) return { record: bare }
  const isClear = needsClearSecret(record)
  if (secretHash !== undefined && (!isClear || sealedSecret !== undefined)) return { record: isClear ? record : withoutSeal(record) }
  const { secret, kept } = secrets.make(record.clientId, isClear)
  return { record: { ...bare, secretHash: kept.hash, ...(kept.sealed === undefined ? {} : { sealedSecret: kept.sealed }) }, secret }
}

/** A secret that need not be had in clear any more is not kept so. */
function withoutSeal ({ sealedSecret: _sealed, formerSecret, ...record }: ClientRecord): ClientRecord {
  if (formerSecret === undefined) return record
  const { sealed: _formerSealed, ...former } = formerSecret
  return { ...record, formerSecret: former }
}

function rotate ({ secrets, clock }: ClientsDeps, { secretHash = '', sealedSecret, formerSecret: _former, ...record }: ClientRecord, overlapMs: number): { readonly secret: string, readonly record: ClientRecord } {
  const nowMs = clock.nowMs()
  const { secret, kept } = secrets.make(record.clientId, needsClearSecret(record))
  const former = { hash: secretHash, rotatedAtMs: nowMs, untilMs: nowMs + overlapMs, ...(sealedSecret === undefined ? {} : { sealed: sealedSecret }) }
  return {
    secret,
    record: {
      ...record,
      secretHash: kept.hash,
      ...(kept.sealed === undefined ? {} : { sealedSecret: kept.sealed }),
      ...(overlapMs > 0 ? { formerSecret: former } : {}),
    },
  }
}

function viewOf (deps: ClientsDeps, record: ClientRecord): ClientView {
  const { secretHash, sealedSecret: _sealed, formerSecret: _former, registrationTokenHash, ...view } = record
  const former = liveFormerSecret(deps, record)
  return { ...view, hasSecret: secretHash !== undefined, isSelfRegistered: registrationTokenHash !== undefined, ...(former === undefined ? {} : { formerSecretUntilMs: former.untilMs }) }
}

function shown (secret: string | undefined): { readonly clientSecret?: Secret } {
  return secret === undefined ? {} : { clientSecret: new Secret(secret) }
}
