import type { JsonObject } from '../../../kernel/index.ts'
import { ask, cannot, implied, stated, type Finding } from './finding.ts'
import { cannotAll, type ImportSource } from './source.ts'

/** Members that list what production signs with. */
const SIGNING_MEMBERS = ['id_token_signing_alg_values_supported', 'userinfo_signing_alg_values_supported', 'authorization_signing_alg_values_supported', 'introspection_signing_alg_values_supported']
const ID_TOKEN = 'id_token_signing_alg_values_supported'

/** What production signs with: from the members about signatures, and from the keys it publishes. */
export function importAlgorithms (source: ImportSource): Finding[] {
  const { metadata, rules, keys } = source
  const allowed = rules.allowedAt('profile.signing_algorithm')
  const lists = SIGNING_MEMBERS.flatMap((member) => metadata.has(member) ? [{ member, values: metadata.list(member) ?? [] }] : [])
  const ofKeys = [...new Set(keys.filter((key) => key['use'] !== 'enc').flatMap(algorithmOf))].filter((alg) => allowed.includes(alg))
  const listed = [...new Set([...lists.filter(({ member }) => member === ID_TOKEN), ...lists].flatMap(({ values }) => values))].filter((alg) => allowed.includes(alg))
  const choice = choosePrimary(metadata.list(ID_TOKEN)?.filter((alg) => allowed.includes(alg)) ?? listed, ofKeys)
  return [
    ...lists.flatMap(({ member, values }) => refuseOthers(member, values, allowed)),
    ...(choice === undefined ? [ask('profile.signing_algorithm', 'alg in the header of an ID token or of an access token that is a JWT')] : [stated('profile.signing_algorithm', choice.algorithm, choice.member, choice.note)]),
    ...(choice === undefined ? [] : importOthers(listed.filter((alg) => alg !== choice.algorithm), lists.filter(({ values }) => values.some((alg) => allowed.includes(alg))).map(({ member }) => member))),
    ...importKeySize(keys, choice === undefined ? [] : [choice.algorithm, ...listed]),
    ...compareKeys(keys),
  ]
}

interface Choice { readonly algorithm: string, readonly member: string, readonly note: string }

/** OpenID Connect Core §3.1.3.7 makes RS256 the default, so that among several it is the likeliest, unless the keys tell better. */
function choosePrimary (listed: readonly string[], ofKeys: readonly string[]): Choice | undefined {
  const [only] = listed
  if (listed.length === 1 && only !== undefined) return { algorithm: only, member: ID_TOKEN, note: '' }
  const [fromKey] = ofKeys.filter((alg) => listed.length === 0 || listed.includes(alg))
  if (fromKey !== undefined) return { algorithm: fromKey, member: 'jwks', note: ofKeys.length === 1 ? 'the published key is for it' : 'the first published key is for it; look at a token' }
  if (only === undefined) return undefined
  const algorithm = listed.includes('RS256') ? 'RS256' : only
  return { algorithm, member: ID_TOKEN, note: `one of ${listed.length}; look at a token` }
}

function importOthers (others: readonly string[], members: readonly string[]): Finding[] {
  const member = members.join(', ')
  return others.length === 0 ? [implied('profile.more_signing_algorithms', [], member === '' ? 'jwks' : member, 'no others')] : [stated('profile.more_signing_algorithms', others, member)]
}

function refuseOthers (member: string, values: readonly string[], allowed: readonly string[]): Finding[] {
  const unknown = values.filter((alg) => !allowed.includes(alg))
  const symmetric = unknown.filter((alg) => /^HS\d/.test(alg))
  // Unsigned userinfo is plain JSON, which every sandbox answers.
  const unsigned = member === ID_TOKEN ? unknown.filter((alg) => alg === 'none') : []
  return [
    ...cannotAll(member, symmetric, 'a sandbox signs with its private keys only, never with a client\'s secret'),
    ...cannotAll(member, unsigned, 'a sandbox issues no unsigned tokens'),
    ...cannotAll(member, unknown.filter((alg) => !symmetric.includes(alg) && alg !== 'none'), 'a sandbox does not sign with it'),
  ]
}

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', Ed25519: 'EdDSA' }

/** The algorithm that a key is for; an RSA key may leave it open. */
function algorithmOf (key: JsonObject): string[] {
  const { alg, crv } = key
  if (typeof alg === 'string') return [alg]
  const byCurve = typeof crv === 'string' && Object.hasOwn(CURVES, crv) ? CURVES[crv] : undefined
  return byCurve === undefined ? [] : [byCurve]
}

function importKeySize (keys: readonly JsonObject[], algorithms: readonly string[]): Finding[] {
  const sizes = [...new Set(keys.filter((key) => key['kty'] === 'RSA' && key['use'] !== 'enc').map(modulusBits))].filter((bits) => bits > 0).sort((a, b) => b - a)
  const [bits] = sizes
  if (bits === undefined) return algorithms.some((alg) => /^[RP]S/.test(alg)) && keys.length === 0 ? [ask('profile.rsa_key_bits', 'the size of the RSA keys in production\'s JWKS: give it with --jwks')] : []
  return [
    stated('profile.rsa_key_bits', bits, 'jwks', sizes.length === 1 ? '' : 'the largest of several'),
    ...(sizes.length === 1 ? [] : [cannot('jwks', sizes.map((size) => `RSA ${size}`), 'the RSA keys of a sandbox are all of one size')]),
  ]
}

/** Bits of the modulus (RFC 7518 §6.3.1.1), leading zeros left out. */
function modulusBits (key: JsonObject): number {
  const octets = Buffer.from(typeof key['n'] === 'string' ? key['n'].slice(0, 8192) : '', 'base64url')
  const from = octets.findIndex((octet) => octet !== 0)
  return from === -1 ? 0 : (octets.length - from - 1) * 8 + (32 - Math.clz32(octets[from] ?? 0))
}

function compareKeys (keys: readonly JsonObject[]): Finding[] {
  const chains = ['x5c', 'x5t', 'x5t#S256', 'x5u'].filter((member) => keys.some((key) => member in key))
  return [
    ...cannotAll('jwks', chains, 'the published keys of a sandbox carry no certificates'),
    ...(keys.some((key) => key['use'] === 'enc') ? [cannot('jwks', 'use: enc', 'a sandbox publishes no keys to encrypt to')] : []),
  ]
}
