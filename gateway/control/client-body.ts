import Type from 'typebox'
import { parseDurationMs, type Json, type JsonObject } from '../../kernel/index.ts'
import { refused, type ControlAnswer } from './route.ts'

const text = (maxLength: number, description: string) => Type.Optional(Type.String({ minLength: 1, maxLength, description }))
const words = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), { maxItems: 50, description }))
const duration = Type.Optional(Type.String({ maxLength: 20 }))

const lifetimes = Type.Optional(Type.Object({ access_token: duration, id_token: duration, refresh_token: duration }, { additionalProperties: false, description: 'Lifetimes of its own, `{ "access_token": "5m" }`, also `id_token` and `refresh_token`; else the profile\'s.' }))
const headlessLogin = Type.Optional(Type.Boolean({ description: 'Opts into the login without pages, for automated tests.' }))
const MORE = 'And any member of RFC 7591 and of the extensions that the profile has switched on, under its own name, see clients.md.'

/** `POST /sandbox/clients`. Members beyond these are client metadata and checked as such. */
export const CreateClient = Type.Object({
  name: text(100, 'Shown on the consent page; `client_name` is the same. Needed.'),
  token_endpoint_auth_method: Type.String({ maxLength: 40, description: 'One of the profile\'s: `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `tls_client_auth`, `self_signed_tls_client_auth`, `none`.' }),
  grant_types: words('Default: `client_credentials`; `authorization_code` for the method `none`.'),
  redirect_uris: words('For `authorization_code`.'),
  scope: text(1000, 'Scopes, separated by spaces; default: those of a new sandbox.'),
  csr: text(16_384, 'A PKCS#10 request in PEM, for `tls_client_auth`; without one a key is made for you.'),
  certificate: Type.Optional(Type.String({ pattern: '^[0-9a-f]{2,40}$', description: 'The serial number of a certificate of this sandbox, for `tls_client_auth`: the client is bound to its subject.' })),
  lifetimes,
  headless_login: headlessLogin,
}, { description: MORE })

/** `PATCH /sandbox/clients/{id}`: a JSON Merge Patch (RFC 7396). */
export const ChangeClient = Type.Object({
  name: text(100, 'Shown on the consent page.'),
  redirect_uris: words('Replaces all.'),
  scope: text(1000, 'Replaces all.'),
  lifetimes,
  headless_login: headlessLogin,
}, { description: `${MORE} null takes a member away.` })

export const RotateSecret = Type.Object({ overlap: text(20, 'How long the old secret works beside the new one: a duration of at most `30d`, default `24h`; `0s`: it stops at once.') }, { additionalProperties: false })

export type CreateClientBody = Type.Static<typeof CreateClient>
export type ChangeClientBody = Type.Static<typeof ChangeClient>

/** The client metadata among the members of a body: everything that is not ours. */
export function metadataOf ({ name, csr: _csr, certificate: _certificate, lifetimes: _lifetimes, headless_login: _headless, ...rest }: CreateClientBody | ChangeClientBody & { readonly csr?: string, readonly certificate?: string }): JsonObject {
  return { ...rest as Record<string, Json>, ...(name === undefined ? {} : { client_name: name }) }
}

const LIFETIME_MS_MAX = 3650 * 86_400_000
const OVERLAP_MS_MAX = 30 * 86_400_000

/** Lifetimes in milliseconds, or what is wrong with them. */
export function readLifetimes (given: CreateClientBody['lifetimes']): { readonly kind: 'read', readonly lifetimes: { readonly accessTokenMs?: number, readonly idTokenMs?: number, readonly refreshTokenMs?: number } } | Extract<ControlAnswer, { kind: 'refused' }> {
  const read: { accessTokenMs?: number, idTokenMs?: number, refreshTokenMs?: number } = {}
  for (const [member, name] of [['access_token', 'accessTokenMs'], ['id_token', 'idTokenMs'], ['refresh_token', 'refreshTokenMs']] as const) {
    const value = given?.[member]
    if (value === undefined) continue
    const ms = parseDurationMs(value)
    if (ms === undefined || ms < 1000 || ms > LIFETIME_MS_MAX) return refused('request_invalid', `lifetimes.${member} is a duration from 1s to 3650d, such as 90s, 5m or 14d.`, [`/lifetimes/${member}`]) as Extract<ControlAnswer, { kind: 'refused' }>
    read[name] = ms
  }
  return { kind: 'read', lifetimes: read }
}

/** Milliseconds, undefined when the text is no duration or too long. */
export function readOverlapMs (overlap = '24h'): number | undefined {
  const ms = parseDurationMs(overlap)
  return ms === undefined || ms > OVERLAP_MS_MAX ? undefined : ms
}
