/** Where this server may connect to for its clients: their key sets, sector identifiers, logout and notification endpoints. */
export interface Outbound {
  /** Why a URL may not be fetched, in words for whoever registered it; undefined when the URL alone gives no reason. */
  readonly explainRefusal: (url: string) => string | undefined
  /** As `fetch`, but follows no redirect and rejects for destinations that are not allowed, whatever their name resolves to. */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>
}
