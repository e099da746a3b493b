import type { Provider } from 'oidc-provider'
import type { ClientRecord } from './client-record.ts'
import { joinMetadata } from './split-metadata.ts'

/** True when a client authenticates by a secret, or has answers signed or encrypted under one. The library's own rule. */
export function needsSecret (provider: Provider, record: ClientRecord): boolean {
  const { needsSecret } = provider.Client as unknown as { needsSecret: (metadata: object) => boolean }
  return needsSecret(joinMetadata(record))
}

/** True when this server must compute with the secret itself and cannot do with its hash (OpenID Connect Core §10.1, §10.2). */
export function needsClearSecret ({ authMethod, metadata = {} }: Pick<ClientRecord, 'authMethod' | 'metadata'>): boolean {
  return authMethod === 'client_secret_jwt' || Object.entries(metadata).some(([member, value]) => ALGORITHM.test(member) && typeof value === 'string' && SYMMETRIC.test(value))
}

/** `id_token_signed_response_alg`, `request_object_encryption_alg` and their kin. */
const ALGORITHM = /_(?:signed_response|encrypted_response|signing|encryption)_alg$/
/** HMAC, and key management by a shared key (RFC 7518 §3.1, §4.1). */
const SYMMETRIC = /^(?:HS|A\d|dir$)/
