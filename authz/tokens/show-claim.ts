/** A claim or header parameter as an explanation shows it: JSON, cut where it grows long. */
export function showClaim (value: unknown, lengthMax = 200): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, lengthMax)
}
