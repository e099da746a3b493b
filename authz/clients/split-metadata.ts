import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import type { ClientRecord } from './client-record.ts'
import { ClientRefused } from './client-refused.ts'

/** The part of a client's record that its metadata says. */
export type ClientFacts = Pick<ClientRecord,
  'name' | 'authMethod' | 'redirectUris' | 'postLogoutRedirectUris' | 'scopes' | 'grants' | 'tlsSubjectDn' | 'jwks' | 'metadata' | 'allowedOrigins' | 'software'>

const SOFTWARE = ['software_id', 'software_version', 'software_statement'] as const
/** Chosen by the server (RFC 7591 §3.2.1, RFC 7592 §3). */
export const SERVER_CHOSEN: readonly string[] = ['client_id', 'client_secret', 'client_secret_expires_at', 'client_id_issued_at', 'registration_access_token', 'registration_client_uri']
const NAME_LENGTH_MAX = 200

/**
 * Reads client metadata (RFC 7591 §2) into the members of a record. What the record has no member for stays together and is
 * checked by the library later. A member that is null is left out, as RFC 7592 §2.2 has it.
 *
 * @throws ClientRefused naming the member, when one has another type, or is not the client's to choose
 */
export function splitMetadata (given: JsonObject): ClientFacts {
  const metadata = new Map(Object.entries(given).filter(([, value]) => value !== null))
  const take = (member: string): Json | undefined => {
    const value = metadata.get(member)
    metadata.delete(member)
    return value
  }
  for (const member of metadata.keys()) {
    if (SERVER_CHOSEN.includes(member)) throw new ClientRefused(`${member} is chosen by the authorization server`, { member })
  }
  const tlsSubjectDn = readText(take('tls_client_auth_subject_dn'), 'tls_client_auth_subject_dn')
  const jwks = readKeys(take('jwks'))
  const allowedOrigins = readTexts(take('allowed_cors_origins'), 'allowed_cors_origins')
  const software = Object.fromEntries(SOFTWARE.flatMap((member) => {
    const value = readText(take(member), member)
    return value === undefined ? [] : [[member, value]]
  }))
  return {
    name: readName(take('client_name')),
    authMethod: readText(take('token_endpoint_auth_method'), 'token_endpoint_auth_method') ?? 'client_secret_basic',
    redirectUris: readTexts(take('redirect_uris'), 'redirect_uris') ?? [],
    postLogoutRedirectUris: readTexts(take('post_logout_redirect_uris'), 'post_logout_redirect_uris') ?? [],
    scopes: [...new Set((readText(take('scope'), 'scope') ?? '').split(' ').filter((scope) => scope !== ''))],
    grants: readTexts(take('grant_types'), 'grant_types') ?? ['authorization_code'],
    ...(tlsSubjectDn === undefined ? {} : { tlsSubjectDn }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(allowedOrigins === undefined || allowedOrigins.length === 0 ? {} : { allowedOrigins }),
    ...(Object.keys(software).length === 0 ? {} : { software }),
    ...(metadata.size === 0 ? {} : { metadata: Object.fromEntries(metadata) }),
  }
}

/** The inverse: what the client was registered with, in the names of RFC 7591 §2, and nothing that was not said. */
export function joinMetadata (record: ClientFacts): JsonObject {
  return {
    ...record.metadata,
    ...record.software,
    client_name: record.name,
    token_endpoint_auth_method: record.authMethod,
    grant_types: [...record.grants],
    redirect_uris: [...record.redirectUris],
    scope: record.scopes.join(' '),
    ...(record.postLogoutRedirectUris.length === 0 ? {} : { post_logout_redirect_uris: [...record.postLogoutRedirectUris] }),
    ...(record.tlsSubjectDn === undefined ? {} : { tls_client_auth_subject_dn: record.tlsSubjectDn }),
    ...(record.jwks === undefined ? {} : { jwks: { keys: [...record.jwks.keys] } }),
    ...(record.allowedOrigins === undefined ? {} : { allowed_cors_origins: [...record.allowedOrigins] }),
  }
}

function readName (value: Json | undefined): string {
  const name = readText(value, 'client_name') ?? ''
  if (name.length > NAME_LENGTH_MAX) throw new ClientRefused(`client_name must have at most ${NAME_LENGTH_MAX} characters`, { member: 'client_name' })
  return name
}

function readText (value: Json | undefined, member: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw new ClientRefused(`${member} must be a string that is not empty`, { member })
}

function readTexts (value: Json | undefined, member: string): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return value as readonly string[]
  throw new ClientRefused(`${member} must be a list of strings`, { member })
}

function readKeys (value: Json | undefined): ClientRecord['jwks'] | undefined {
  if (value === undefined) return undefined
  const keys = isJsonObject(value) ? value['keys'] : undefined
  if (Array.isArray(keys) && keys.every(isJsonObject)) return { keys }
  throw new ClientRefused('jwks must be a JSON Web Key Set: an object with a list of keys (RFC 7517 §5)', { member: 'jwks' })
}
