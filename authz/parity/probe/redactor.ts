/** Keeps what must never be written down out of what is. */
export interface Redactor {
  /** Remembers a secret, token, code or state that was sent or received. */
  readonly remember: (value: string | undefined) => void
  /** A short text in which everything remembered, addresses, and whatever looks random is replaced by `…`. */
  readonly clean: (text: string) => string
}

const LENGTH_MAX = 160
const REMEMBERED_MIN = 4

/** Remembers values and replaces them; what nobody told it about falls to its shape. */
export function createRedactor (): Redactor {
  const remembered = new Set<string>()
  return {
    remember: (value) => { if (value !== undefined && value.length >= REMEMBERED_MIN) remembered.add(value) },
    clean: (text) => {
      let result = text.slice(0, 4096)
      for (const value of [...remembered].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, '…').replaceAll(encodeURIComponent(value), '…')
      return result
        .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, '<url>')
        .replace(/[\w~+/=-]*\.[\w~+/=.-]{16,}/g, '…')
        .replace(/(?=[\w~+/=-]*\d)[\w~+/=-]{12,}/g, '…')
        .replace(/[\w~+/=-]{40,}/g, '…')
        .replace(/\d+/g, '#')
        // eslint-disable-next-line no-control-regex
        .replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
        .trim().slice(0, LENGTH_MAX)
    },
  }
}
