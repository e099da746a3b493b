import type { AdapterPayload } from 'oidc-provider'
import { randomToken, type Clock, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import { originsOf } from './client-origins.ts'
import type { ClientRecord } from './client-record.ts'
import type { SecretKeeper } from './secret-keeper.ts'
import type { ClientFacts } from './split-metadata.ts'

/**
 * Members that travel with a client through the library and are not its own (see `extraClientMetadata`). Nobody can register
 * them: their names are refused.
 */
export const CARRIED_MEMBERS = ['sandgate_lifetimes', 'sandgate_origins', 'sandgate_secrets', 'sandgate_unchecked'] as const

/** What `sandgate_secrets` carries: the hashes that authenticate, and the former secret where the library needs it in clear. */
export interface CarriedSecrets { readonly hashes: readonly string[], readonly former?: string }

export interface DescribeClientDeps {
  readonly secrets: SecretKeeper
  readonly clock: Clock
  readonly signingAlgorithm: string
  readonly tokenAgeAdvanceMs: (sandboxId: SandboxId, sinceMs: number) => number
}

/**
 * A client record in the names of RFC 7591 §2, as oidc-provider reads it. The secret is in it only where the library computes
 * with it; elsewhere a placeholder stands, and comparing is ours (`adaptClients`).
 */
export function describeClient (deps: DescribeClientDeps, record: ClientRecord): AdapterPayload {
  return {
    ...registeredMetadata(record, deps.signingAlgorithm),
    ...describeSecrets(deps, record),
    sandgate_origins: originsOf(record),
    ...(record.lifetimes === undefined ? {} : { sandgate_lifetimes: record.lifetimes }),
  }
}

/** What a client is registered with, in the names of RFC 7591 §2, without anything of its secret. */
export function registeredMetadata (record: ClientFacts & Pick<ClientRecord, 'clientId'>, signingAlgorithm: string): JsonObject {
  const usesCode = record.grants.includes('authorization_code')
  return {
    id_token_signed_response_alg: signingAlgorithm,
    response_types: usesCode ? ['code'] : [],
    ...record.metadata,
    client_id: record.clientId,
    client_name: record.name,
    token_endpoint_auth_method: record.authMethod,
    grant_types: [...record.grants],
    redirect_uris: [...record.redirectUris],
    post_logout_redirect_uris: [...record.postLogoutRedirectUris],
    scope: record.scopes.join(' '),
    ...(record.tlsSubjectDn === undefined ? {} : { tls_client_auth_subject_dn: record.tlsSubjectDn }),
    ...(record.jwks === undefined ? {} : { jwks: record.jwks }),
  }
}

function describeSecrets (deps: DescribeClientDeps, record: ClientRecord): Record<string, unknown> {
  if (record.secretHash === undefined) return {}
  const former = liveFormerSecret(deps, record)
  const clear = former === undefined ? undefined : deps.secrets.unseal(record.clientId, former.sealed)
  const carried: CarriedSecrets = { hashes: [record.secretHash, ...(former === undefined ? [] : [former.hash])], ...(clear === undefined ? {} : { former: clear }) }
  return { client_secret: currentSecret(deps, record, record.secretHash), sandgate_secrets: carried }
}

/** A sealed secret whose key is gone authenticates nobody: better than the hash, which the store's reader knows. */
function currentSecret ({ secrets }: DescribeClientDeps, record: ClientRecord, hash: string): string {
  if (record.sealedSecret === undefined) return secrets.placeholder(hash)
  return secrets.unseal(record.clientId, record.sealedSecret) ?? randomToken(32)
}

/** The former secret while its overlap lasts; moving the sandbox's clock moves its end nearer, as it ages tokens. */
export function liveFormerSecret (deps: Pick<DescribeClientDeps, 'clock' | 'tokenAgeAdvanceMs'>, { sandboxId, formerSecret }: ClientRecord): ClientRecord['formerSecret'] {
  if (formerSecret === undefined) return undefined
  const nowMs = deps.clock.nowMs() + deps.tokenAgeAdvanceMs(sandboxId, formerSecret.rotatedAtMs)
  return nowMs < formerSecret.untilMs ? formerSecret : undefined
}
