const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Reads a duration as written in configuration: an integer and a unit, `500ms`, `30s`, `60m`, `12h`, `7d`.
 *
 * @returns milliseconds, or undefined when the text is no duration or exceeds what a number counts exactly
 */
export function parseDurationMs (text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
  return Number.isSafeInteger(ms) ? ms : undefined
}
