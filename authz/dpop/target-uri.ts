const UNRESERVED = /^[A-Za-z0-9._~-]$/

/**
 * A request's URI as DPoP compares it (RFC 9449 §4.3): without query and fragment, after syntax-based and scheme-based
 * normalisation (RFC 3986 §6.2.2, §6.2.3). Undefined for what is no absolute https or http URI, or names a user.
 */
export function normaliseTargetUri (text: string): string | undefined {
  const url = /\s/.test(text) ? null : URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') return undefined
  return `${url.origin}${url.pathname.replace(/%[0-9a-f]{2}/gi, normaliseEscape)}`
}

function normaliseEscape (escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape.toUpperCase()
}
