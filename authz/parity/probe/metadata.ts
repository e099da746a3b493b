import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import type { HttpAnswer, HttpClient, HttpFailure } from './http-client.ts'
import { parseJson } from './shape-value.ts'

/** What a server says of itself: OpenID Connect Discovery §4, and RFC 8414 §3. Undefined where there is no such document. */
export interface ServerMetadata {
  readonly openid: JsonObject | undefined
  readonly oauth: JsonObject | undefined
  /** The first of the two that is there. */
  readonly primary: JsonObject
  /** The issuer that the document names is the one that was asked for (RFC 8414 §3.3). */
  readonly isOwn: boolean
}

export type MetadataOutcome =
  | { readonly kind: 'read', readonly metadata: ServerMetadata }
  | { readonly kind: 'failed', readonly why: string }

/** Where a server's two documents are: one path is appended to the issuer's, the other goes before it (RFC 8414 §3.1, §5). */
export function locateMetadata (issuer: string): { readonly openid: string, readonly oauth: string } {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return { openid: `${origin}${path}/.well-known/openid-configuration`, oauth: `${origin}/.well-known/oauth-authorization-server${path}` }
}

/** Reads both documents. It fails when neither is there, because nothing else can be found without. */
export async function readMetadata (issuer: string, http: HttpClient): Promise<MetadataOutcome> {
  const at = locateMetadata(issuer)
  const openidAnswer = await http.send({ method: 'GET', url: at.openid })
  if (openidAnswer.kind === 'failed') return { kind: 'failed', why: `${openidAnswer.why} (${openidAnswer.code})` }
  const oauthAnswer = await http.send({ method: 'GET', url: at.oauth })
  const [openid, oauth] = [documentOf(openidAnswer), documentOf(oauthAnswer)]
  const primary = openid ?? oauth
  if (primary === undefined) return { kind: 'failed', why: `it has no metadata: ${at.openid} answers ${openidAnswer.status}, and the document of RFC 8414 is not there either` }
  return { kind: 'read', metadata: { openid, oauth, primary, isOwn: isSameIssuer(primary['issuer'], issuer) } }
}

function documentOf (answer: HttpAnswer | HttpFailure): JsonObject | undefined {
  if (answer.kind === 'failed' || answer.status !== 200 || answer.isCut) return undefined
  const value = parseJson(answer.body)
  return isJsonObject(value) ? value : undefined
}

function isSameIssuer (named: unknown, asked: string): boolean {
  return typeof named === 'string' && named.replace(/\/$/, '') === asked.replace(/\/$/, '')
}
