import { isJsonObject, type Json, type JsonObject } from '../../../kernel/index.ts'
import type { Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import { locateMetadata } from '../probe/metadata.ts'
import { nameMembers, parseJson, tellName } from '../probe/shape-value.ts'
import { ask } from './request-probe.ts'

const MEMBERS_MAX = 150
const ITEMS_MAX = 200

/** What a server says of itself and of its keys. */
export const metadataProbes: readonly Probe[] = [
  { id: 'metadata', area: 'metadata', title: 'the metadata documents', needs: [], observe: async (session) => shapeMetadata(session) },
  { id: 'openid_document', area: 'headers', title: 'the discovery document', needs: [], observe: async (session) => await askDocument(session, 'openid_document', 'discovery', locateMetadata(session.side.issuer).openid) },
  { id: 'jwks_document', area: 'headers', title: 'the key set', needs: ['endpoint:jwks'], observe: async (session) => await askDocument(session, 'jwks_document', 'jwks', session.endpoint('jwks')) },
  { id: 'keys', area: 'keys', title: 'the public keys', needs: ['endpoint:jwks'], observe: async (session) => await shapeKeys(session) },
]

/** Members differ by design, and are compared one by one elsewhere. */
async function askDocument (session: Session, id: string, endpoint: string, url: string) {
  const facts = await ask(session, id, endpoint, { method: 'GET', url })
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !/\.(?:members|error|description)$/.test(name)))
}

function shapeMetadata ({ metadata, side }: Session): Record<string, Json> {
  const { primary, openid, oauth } = metadata
  const differing = openid === undefined || oauth === undefined ? [] : [...new Set([...nameMembers(openid), ...nameMembers(oauth)])].filter((name) => JSON.stringify(openid[name]) !== JSON.stringify(oauth[name]))
  return {
    'metadata.documents': [...(openid === undefined ? [] : ['openid-configuration']), ...(oauth === undefined ? [] : ['oauth-authorization-server'])],
    'metadata.documents_differ_in': differing,
    'metadata.issuer': metadata.isOwn ? 'the issuer' : 'another issuer',
    ...shapeDocument(primary, side.issuer),
  }
}

function shapeDocument (document: JsonObject, issuer: string): Record<string, Json> {
  const members = Object.entries(document).filter(([name]) => name !== 'issuer').slice(0, MEMBERS_MAX)
  return Object.fromEntries(members.map(([name, value]) => [`metadata.${tellName(name)}`, shapeMember(value, issuer)]))
}

/** Lists are sets; addresses are told by their path below the issuer, because a sandbox has another host. */
function shapeMember (value: Json, issuer: string): Json {
  if (typeof value === 'string') return shapeText(value, issuer)
  if (typeof value !== 'object' || value === null) return value
  if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).slice(0, MEMBERS_MAX).map(([name, member]): [string, Json] => [tellName(name), typeof member === 'string' ? shapeText(member, issuer) : 'a value']).sort())
  return [...new Set(value.slice(0, ITEMS_MAX).map((item) => typeof item === 'string' ? shapeText(item, issuer) : JSON.stringify(item).slice(0, 80)))].sort()
}

function shapeText (text: string, issuer: string): string {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null
  if (url === null) return /^eyJ/.test(text) ? 'a JWT' : text.slice(0, 120)
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const isBelow = url.origin === new URL(issuer).origin && (url.pathname === base || url.pathname.startsWith(`${base}/`))
  return `<host>${(isBelow ? url.pathname.slice(base.length) : url.pathname).slice(0, 120)}`
}

async function shapeKeys (session: Session): Promise<Record<string, Json>> {
  const answer = await session.send({ method: 'GET', url: session.endpoint('jwks') })
  const set = answer.kind === 'answer' ? parseJson(answer.body) : undefined
  const keys = isJsonObject(set) && Array.isArray(set['keys']) ? (set['keys'] as readonly Json[]).slice(0, ITEMS_MAX).filter(isJsonObject) : undefined
  if (keys === undefined) return { 'keys.count': null }
  const distinct = (tell: (key: JsonObject) => string): string[] => [...new Set(keys.map(tell))].sort()
  return {
    'keys.count': keys.length,
    'keys.types': distinct(describeKey),
    'keys.algorithms': distinct((key) => text(key['alg'])),
    'keys.uses': distinct((key) => text(key['use'])),
    'keys.ids': distinct((key) => typeof key['kid'] === 'string' ? 'present' : 'absent'),
    'keys.chains': distinct((key) => ['x5c', 'x5t', 'x5t#S256', 'x5u'].filter((name) => name in key).join(' ') || 'none'),
    'keys.operations': distinct((key) => Array.isArray(key['key_ops']) ? 'present' : 'absent'),
  }
}

/** `EC P-256`, `RSA 2048`: type and curve, or the size of the modulus in bits. */
function describeKey (key: JsonObject): string {
  if (key['kty'] !== 'RSA') return `${text(key['kty'])} ${text(key['crv'])}`
  const modulus = Buffer.from(typeof key['n'] === 'string' ? key['n'].slice(0, 4096) : '', 'base64url')
  return `RSA ${modulus.length * 8}`
}

function text (value: Json | undefined): string {
  return typeof value === 'string' ? tellName(value) : 'none'
}
