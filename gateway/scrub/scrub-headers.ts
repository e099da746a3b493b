import { appendPointer } from '../../kernel/index.ts'
import type { ScanText } from './scan-text.ts'
import type { Findings } from './scrubbed.ts'

/** A record of headers as node gives it: names in lower case. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>

/** Headers whose value is a credential. */
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'api-key', 'x-auth-token', 'x-csrf-token', 'x-amz-security-token', 'dpop'])

const REMOVED = '[removed]'

/** The headers without credentials, in any mode: these are for logs, where no credential belongs. */
export function removeCredentials (headers: HeaderRecord): HeaderRecord {
  const kept: Array<[string, string | readonly string[] | undefined]> = []
  for (const [name, value] of Object.entries(headers)) {
    kept.push([name, value !== undefined && CREDENTIALS.has(name.toLowerCase()) ? REMOVED : value])
  }
  return Object.fromEntries(kept)
}

/** Scrubs the values of headers that are no credentials; a header is `/headers/<name>` in findings. */
export function scrubHeaderValues (headers: HeaderRecord, scan: ScanText, scope: string, findings: Findings): HeaderRecord {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => {
    const scrubOne = (text: string): string => {
      const found = scan(text, scope)
      if (found === undefined) return text
      findings.note(appendPointer('/headers', name), found.kinds, found.pans)
      return found.text
    }
    return [name, value === undefined ? value : typeof value === 'string' ? scrubOne(value) : value.map(scrubOne)]
  }))
}
