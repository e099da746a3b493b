/** The longest pause that a receiver may ask for: half a day. */
const RETRY_AFTER_MS_MAX = 43_200_000

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
 *
 * @returns milliseconds from `nowMs`, between 0 and half a day; undefined when the value is neither
 */
export function parseRetryAfterMs (value: string, nowMs: number): number | undefined {
  const ms = /^\d{1,10}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX)
}
