import type { Json } from '../../../kernel/index.ts'

/** Keeps what must never be written down out of what is. */
export interface Redactor {
  /** Remembers a secret, token, code or state that was sent or received. */
  readonly remember: (value: string | undefined) => void
  /** A short text in which everything remembered, addresses, and whatever looks random is replaced by `…`. */
  readonly clean: (text: string) => string
  /** The last look at what will be kept: whatever of it holds something remembered is replaced, names included. */
  readonly guard: (value: Json) => Json
}

const LENGTH_MAX = 160
const REMEMBERED_MIN = 4
/** Shorter ones may well be words of the protocol. */
const GUARDED_MIN = 8

/** Remembers values and replaces them; what nobody told it about falls to its shape. */
export function createRedactor (): Redactor {
  const remembered = new Set<string>()
  const hide = (text: string): string => [...remembered].reduce((result, value) => value.length < GUARDED_MIN ? result : result.replaceAll(value, '…'), text)
  const guard = (value: Json): Json => {
    if (typeof value === 'string') return hide(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return (value as readonly Json[]).map(guard)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [hide(name), guard(member)]))
  }
  return {
    guard,
    remember: (value) => { if (value !== undefined && value.length >= REMEMBERED_MIN) remembered.add(value) },
    clean: (text) => {
      let result = text.slice(0, 4096)
      for (const value of [...remembered].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, '…').replaceAll(encodeURIComponent(value), '…')
      return result
        .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, '<url>')
        .replace(/(?<=^|\s)\/[\w./-]+/g, '<path>')
        .replace(/(?=[\w~+/=.-]{20,})[\w~+/=-]+(?:\.[\w~+/=-]+)+/g, '…')
        .replace(/(?=[\w~+/=-]*\d)[\w~+/=-]{12,}/g, '…')
        .replace(/[\w~+/=-]{40,}/g, '…')
        .replace(/\d+/g, '#')
        // eslint-disable-next-line no-control-regex
        .replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
        .trim().slice(0, LENGTH_MAX)
    },
  }
}
