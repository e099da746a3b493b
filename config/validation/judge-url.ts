/** Checks an absolute http or https URL such as an audience; returns a hint for what is wrong. */
export function judgeUrl (value: string): string | undefined {
  const url = parse(value)
  if (url === undefined) return schemeHint(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'The scheme is http or https.'
  if (url.username !== '' || url.password !== '') return 'Leave out user name and password.'
  return value.includes('#') ? 'Leave out the fragment (RFC 8707 §2).' : undefined
}

/** Checks a URL of scheme, host and port only; returns a hint for what is wrong. */
export function judgeOrigin (value: string, schemes: readonly string[]): string | undefined {
  const url = parse(value)
  if (url === undefined) return schemeHint(value)
  if (!schemes.includes(url.protocol)) return schemes.length === 1 ? 'Both doors speak TLS: the scheme is https.' : 'The scheme is http or https.'
  if (url.username !== '' || url.password !== '') return 'Leave out user name and password.'
  return url.origin === value ? undefined : `Write ${url.origin}.`
}

/** Checks an issuer identifier (RFC 8414 §2): https, perhaps with a path, and nothing else; returns a hint for what is wrong. */
export function judgeIssuer (value: string): string | undefined {
  const url = parse(value)
  if (url === undefined) return schemeHint(value)
  if (url.protocol !== 'https:') return 'Both doors speak TLS: the scheme is https.'
  if (url.username !== '' || url.password !== '') return 'Leave out user name and password.'
  if (value.includes('?') || value.includes('#')) return 'Leave out query and fragment.'
  return url.href === value || url.origin === value ? undefined : `Write ${url.pathname === '/' ? url.origin : url.href}.`
}

/** Checks a redirect URI (RFC 6749 §3.1.2, RFC 8252): absolute, no fragment, http only to loopback. */
export function judgeRedirectUri (value: string): string | undefined {
  const url = parse(value)
  if (url === undefined) return schemeHint(value)
  if (value.includes('#')) return 'Leave out the fragment.'
  if (/^(javascript|data|vbscript|file|blob):$/.test(url.protocol)) return 'Browsers would run or open it: use https.'
  const isLoopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
  return url.protocol === 'http:' && !isLoopback ? 'http is for loopback addresses only: use https.' : undefined
}

function parse (value: string): URL | undefined {
  if (/\s/.test(value) || !URL.canParse(value)) return undefined
  return new URL(value)
}

function schemeHint (value: string): string {
  return value.includes('://') ? '' : `Start it with a scheme: https://${value.replace(/^\/+/, '').slice(0, 60)}.`
}
