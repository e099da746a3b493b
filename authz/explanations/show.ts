const SHOWN_MAX = 300

/** A value of a client as one line of an explanation: printable, and not longer than an explanation has room for. */
export function show (value: unknown, lengthMax = SHOWN_MAX): string {
  const text = typeof value === 'string' ? value : value === undefined ? 'missing' : JSON.stringify(value)
  if (text === '') return 'empty'
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�')
  return printable.length <= lengthMax ? printable : `${printable.slice(0, lengthMax)}…`
}

/** Several values, separated. */
export function showAll (values: readonly string[] | undefined, none = 'none'): string {
  return values === undefined || values.length === 0 ? none : show(values.join(', '), SHOWN_MAX * 2)
}

/** Numeric dates (RFC 7519 §2) as people read them. */
export function showSeconds (seconds: unknown): string {
  if (typeof seconds !== 'number') return show(seconds)
  return Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString() : show(seconds)
}

/** How far a numeric date is from now: `42 s ago`, `in 10 s`. */
export function showSkew (seconds: unknown, nowMs: number): string {
  if (typeof seconds !== 'number') return show(seconds)
  const difference = Math.round(seconds - nowMs / 1000)
  return difference < 0 ? `${-difference} s ago` : `in ${difference} s`
}
