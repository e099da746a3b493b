import type { TimeFormat } from './behaviour-document.ts'

/** A moment as an API writes it. RFC 3339 in UTC without fractions, RFC 2822 as in mail headers. */
export function formatTime (ms: number, format: TimeFormat): number | string {
  if (format === 'epoch-seconds') return Math.floor(ms / 1000)
  if (format === 'epoch-milliseconds') return ms
  const date = new Date(ms)
  return format === 'rfc3339' ? date.toISOString().replace(/\.\d{3}Z$/, 'Z') : date.toUTCString().replace('GMT', '+0000')
}
