import { errors, type AdapterPayload, type Provider } from 'oidc-provider'
import { AlternativeNameRefused, isDistinguishedName, readAlternativeNames, type AlternativeName, type NameClaims } from '../../certs/index.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import { CIBA, TOKEN_EXCHANGE } from '../grant-types.ts'
import type { Outbound } from '../outbound.ts'
import { checkKeys, checkSelfSignedKeys } from './check-keys.ts'
import { isWebOrigin } from './client-origins.ts'
import type { ClientRecord } from './client-record.ts'
import { ClientRefused } from './client-refused.ts'
import { CARRIED_MEMBERS } from './describe-client.ts'

export interface CheckClientDeps {
  readonly provider: Provider
  readonly describe: (record: ClientRecord) => AdapterPayload
  readonly profile: Pick<AuthorizationProfile, 'headlessLogin' | 'lifetimes'>
  readonly outbound: Outbound | undefined
  readonly names: NameClaims
}

/** What to do with members that nobody here knows: a person is told; RFC 7591 §2 has a registration endpoint ignore them. */
export type UnknownMembers = 'refuse' | 'ignore'

interface LibraryClient { metadata: () => Record<string, unknown> }
interface ClientClass {
  new (metadata: AdapterPayload): LibraryClient
  validate: (metadata: AdapterPayload) => Promise<void>
}

/**
 * Checks everything about a client: what only this server knows here, the rest by oidc-provider's own rules for the profile
 * (RFC 7591 §2 and the extensions that are switched on).
 *
 * @returns the record, without members that are ignored
 * @throws ClientRefused with the first thing that is wrong
 */
export async function checkClient (deps: CheckClientDeps, record: ClientRecord, unknown: UnknownMembers): Promise<ClientRecord> {
  checkOwnRules(deps, record)
  if (record.jwks !== undefined) checkKeys(record.jwks.keys)
  if (record.authMethod === 'self_signed_tls_client_auth') checkSelfSignedKeys(record.jwks?.keys ?? [])
  checkFetchedUris(deps, record)
  return await claimNames(deps, await checkByLibrary(deps, record, unknown))
}

function checkOwnRules ({ profile }: CheckClientDeps, record: ClientRecord): void {
  // An empty list would mean "no restriction" to the library.
  if (record.scopes.length === 0) throw new ClientRefused('scope must name at least one scope', { member: 'scope' })
  if (record.tlsSubjectDn !== undefined && !isDistinguishedName(record.tlsSubjectDn)) throw new ClientRefused('tls_client_auth_subject_dn must be a distinguished name in the form of RFC 4514', { member: 'tls_client_auth_subject_dn' })
  if (record.tlsSubjectDn !== undefined && record.authMethod !== 'tls_client_auth') throw new ClientRefused('tls_client_auth_subject_dn is for token_endpoint_auth_method tls_client_auth', { member: 'tls_client_auth_subject_dn' })
  const confidential = record.authMethod === 'none' ? record.grants.find((grant) => CONFIDENTIAL_GRANTS.includes(grant)) : undefined
  if (confidential !== undefined) throw new ClientRefused(`a public client (token_endpoint_auth_method none) cannot have the grant ${confidential}: whoever asks is not authenticated`, { member: 'grant_types' })
  const origin = record.allowedOrigins?.find((text) => !isWebOrigin(text))
  if (origin !== undefined) throw new ClientRefused('allowed_cors_origins must hold origins as browsers send them: https://app.example, without a path and without the port that the scheme has anyway', { member: 'allowed_cors_origins' })
  if (record.isHeadless === true && !profile.headlessLogin) throw new ClientRefused('headless_login is not offered here (profile.headless_login)', { member: 'headless_login' })
  const grantMs = Math.max(profile.lifetimes.grantMs, profile.lifetimes.refreshTokenMs)
  if ((record.lifetimes?.refreshTokenMs ?? 0) > grantMs) throw new ClientRefused(`lifetimes.refresh_token must not be longer than what a user's consent lasts, ${grantMs / 1000} seconds (profile.lifetimes.grant)`, { member: 'lifetimes' })
}

/** Grants by which a client acts as itself, or asks for a user who is not there (RFC 6749 §4.4, CIBA Core §7.1). */
const CONFIDENTIAL_GRANTS = ['client_credentials', CIBA, TOKEN_EXCHANGE]
/** Members that make this server connect to somewhere. */
const FETCHED_URIS = ['jwks_uri', 'sector_identifier_uri', 'backchannel_logout_uri', 'backchannel_client_notification_endpoint']

function checkFetchedUris ({ outbound }: CheckClientDeps, { metadata = {}, authMethod }: ClientRecord): void {
  if (authMethod === 'self_signed_tls_client_auth' && metadata['jwks_uri'] !== undefined) throw new ClientRefused('self_signed_tls_client_auth needs its certificates in jwks, not behind jwks_uri: the door must know them before anybody connects', { member: 'jwks_uri' })
  for (const member of FETCHED_URIS) {
    const uri = metadata[member]
    if (typeof uri !== 'string') continue
    if (outbound === undefined) throw new ClientRefused(`${member} is not accepted: this installation fetches nothing for clients`, { member })
    const refusal = outbound.explainRefusal(uri)
    if (refusal !== undefined) throw new ClientRefused(`${member}: ${refusal}`, { member })
  }
}

async function checkByLibrary ({ provider, describe }: CheckClientDeps, record: ClientRecord, unknown: UnknownMembers): Promise<ClientRecord> {
  const { metadata = {} } = record
  const ClientOf = provider.Client as unknown as ClientClass
  const ours = (member: string): boolean => (CARRIED_MEMBERS as readonly string[]).includes(member)
  const known = await recognize(ClientOf, { ...describe(record), sandgate_unchecked: true })
  const foreign = Object.keys(metadata).filter((member) => ours(member) || !Object.hasOwn(known, member))
  const [first] = foreign
  if (first === undefined) return record
  if (unknown === 'refuse') throw new ClientRefused(`${first.slice(0, 100)} is not known here, or means nothing for this client: it is neither in RFC 7591 nor in an extension that the profile has switched on`, { member: first })
  const { metadata: _dropped, ...rest } = record
  const kept = Object.fromEntries(Object.entries(metadata).filter(([member]) => !foreign.includes(member)))
  return Object.keys(kept).length === 0 ? rest : { ...rest, metadata: kept }
}

/** What the library keeps of a client's metadata when it has judged it; what it strips it does not know. */
async function recognize (ClientOf: ClientClass, metadata: AdapterPayload): Promise<Record<string, unknown>> {
  try {
    await ClientOf.validate(metadata)
    return new ClientOf(metadata).metadata()
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error
    const description = error.error_description ?? error.message
    throw new ClientRefused(description, { cause: error, ...(error.error === 'invalid_redirect_uri' ? { member: 'redirect_uris' } : {}) })
  }
}

const NAME_KINDS = { tls_client_auth_san_dns: 'dns', tls_client_auth_san_uri: 'uri', tls_client_auth_san_ip: 'ip', tls_client_auth_san_email: 'email' } as const

/**
 * A client that is known by an alternative name (RFC 8705 §2.1.2) owns the name from now on, so that no other sandbox gets a
 * certificate for it. The name is kept as certificates spell it.
 */
async function claimNames ({ names }: CheckClientDeps, record: ClientRecord): Promise<ClientRecord> {
  const { metadata = {} } = record
  const [entry] = Object.entries(NAME_KINDS).flatMap(([member, kind]) => {
    const value = metadata[member]
    return typeof value === 'string' ? [{ member, kind, value }] : []
  })
  if (entry === undefined) return record
  const { member, kind, value } = entry
  const name = readName({ kind, value }, member)
  const [taken] = await names.claim(record.sandboxId, [name])
  if (taken !== undefined) throw new ClientRefused(`${member}: the name ${taken.value} belongs to another sandbox`, { member })
  return { ...record, metadata: { ...metadata, [member]: name.value } }
}

function readName (wanted: AlternativeName, member: string): AlternativeName {
  try {
    return readAlternativeNames([wanted])[0] ?? wanted
  } catch (error) {
    if (error instanceof AlternativeNameRefused) throw new ClientRefused(`${member}: ${error.message}`, { member, cause: error })
    throw error
  }
}
