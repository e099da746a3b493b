/** Why a request failed, in the words of its record: for the owner of the client, never for the wire. Holds no secret. */
export interface Explanation {
  /** Stable snake_case name of this cause; finer than the code that was sent. */
  readonly code: string
  /** The stage of ours that refused, or the endpoint of the authorization server that did. */
  readonly stage?: string
  readonly endpoint?: string
  readonly cause: string
  /** The value that was sent, as far as it may be shown. */
  readonly seen?: string
  /** The value, or the choice of values, that would have done. */
  readonly expected?: string
  /** What demands it: `RFC 7636 §4.6`. */
  readonly clause?: string
  readonly fix: string
  /** The token that was refused, by the name of its time line. */
  readonly token?: string
}

/** Documents of the OpenID Foundation and others, by the name that a clause gives them. Their sections have no lasting addresses. */
const DOCUMENTS: ReadonlyMap<string, string> = new Map([
  ['OpenID Connect Core', 'https://openid.net/specs/openid-connect-core-1_0.html'],
  ['OpenID Connect Discovery', 'https://openid.net/specs/openid-connect-discovery-1_0.html'],
  ['OpenID Connect Registration', 'https://openid.net/specs/openid-connect-registration-1_0.html'],
  ['OpenID Connect RP-Initiated Logout', 'https://openid.net/specs/openid-connect-rpinitiated-1_0.html'],
  ['OpenID Connect Back-Channel Logout', 'https://openid.net/specs/openid-connect-backchannel-1_0.html'],
  ['OpenID Connect CIBA', 'https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html'],
  ['OAuth 2.0 Response Types', 'https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html'],
  ['JARM', 'https://openid.net/specs/oauth-v2-jarm.html'],
  ['FAPI 1.0 Advanced', 'https://openid.net/specs/openid-financial-api-part-2-1_0.html'],
  ['FAPI 2.0 Security Profile', 'https://openid.net/specs/fapi-security-profile-2_0.html'],
  ['FAPI 2.0 Message Signing', 'https://openid.net/specs/fapi-message-signing-2_0.html'],
  ['Fetch', 'https://fetch.spec.whatwg.org/'],
])

/**
 * The address of a clause: the section of an RFC, or the document of another body.
 *
 * @returns undefined for a document that is not known here
 */
export function clauseUrl (clause: string): string | undefined {
  const [document = '', section] = clause.split(' §')
  const rfc = /^RFC (\d+)$/.exec(document)?.[1]
  if (rfc !== undefined) return `https://www.rfc-editor.org/rfc/rfc${rfc}${section === undefined ? '' : `#section-${section}`}`
  return DOCUMENTS.get(document)
}
