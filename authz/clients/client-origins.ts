import type { ClientRecord } from './client-record.ts'

/** Origins that scripts may call from on behalf of a client (RFC 6454 §6.2): those of its redirect URIs, and those it registered besides. */
export function originsOf ({ redirectUris, allowedOrigins = [] }: Pick<ClientRecord, 'redirectUris' | 'allowedOrigins'>): readonly string[] {
  return [...new Set([...redirectUris.flatMap(originOf), ...allowedOrigins])]
}

/** True for an origin as browsers send it: scheme, host and a port that is not the scheme's own, in their canonical spelling. */
export function isWebOrigin (text: string): boolean {
  return originOf(text)[0] === text
}

function originOf (uri: string): string[] {
  const url = URL.parse(uri)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? [url.origin] : []
}
