/** What a JWT says, unverified. */
export interface PeekedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

const LENGTH_MAX = 100_000

/** Reads a JWT without verifying anything; empty where it cannot be read. Nothing of the signature is looked at. */
export function peekJwt (text: string | undefined): PeekedJwt {
  const [header, payload] = text === undefined || text.length > LENGTH_MAX ? [] : text.split('.')
  return { header: readObject(header), payload: readObject(payload) }
}

function readObject (part: string | undefined): Readonly<Record<string, unknown>> {
  if (part === undefined) return {}
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {}
  } catch {
    return {}
  }
}
