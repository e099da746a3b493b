/** Paths that Sandgate serves itself beside those of the profile; no API may take them or what is under them. */
export const RESERVED_PATHS: readonly string[] = ['/sandbox', '/control', '/console', '/interaction', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']

/** True when one path is the other or lies under it, by whole segments. */
export function isOverlappingPath (a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}
