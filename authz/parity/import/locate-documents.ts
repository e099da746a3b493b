import { locateMetadata } from '../probe/metadata.ts'

export interface DocumentPlaces {
  /** The issuer that the documents must name; undefined where the address is that of a document. */
  readonly issuer: string | undefined
  readonly urls: readonly string[]
}

/**
 * Where an issuer's documents are (OpenID Connect Discovery §4.1, RFC 8414 §3.1), and where servers with a path are known to put
 * the second one instead. The address of a document stands for itself.
 */
export function locateDocuments (address: string): DocumentPlaces {
  const url = new URL(address)
  if (url.pathname.includes('/.well-known/')) return { issuer: undefined, urls: [url.href] }
  const { openid, oauth } = locateMetadata(address)
  return { issuer: address, urls: [...new Set([openid, oauth, `${address.replace(/\/$/, '')}/.well-known/oauth-authorization-server`])] }
}

/** True when an issuer's documents are at this address. */
export function isPlaceOf (issuer: string, url: string): boolean {
  return URL.canParse(issuer) && locateDocuments(issuer).urls.includes(url)
}
