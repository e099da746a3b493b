/** A Content-Type that was read. */
export interface ContentType {
  /** In lower case, without parameters; empty when there is no header. */
  readonly mediaType: string
  /** The values of every `charset`, in lower case. */
  readonly charsets: readonly string[]
}

const NONE: ContentType = { mediaType: '', charsets: [] }
const TOKEN = '[!#$%&\'*+.^_`|~0-9A-Za-z-]+'
const PARAMETER = `${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`
/** Spaces have one place each, so that a match is linear. */
const CONTENT_TYPE = new RegExp(`^[ \\t]*(${TOKEN}/${TOKEN})[ \\t]*((?:;[ \\t]*(?:${PARAMETER}[ \\t]*)?)*)$`)
const EACH_PARAMETER = new RegExp(`(${TOKEN})=(${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`, 'g')

/**
 * Reads a Content-Type field (RFC 9110 §8.3).
 *
 * @returns undefined when the value is no media type or a parameter is malformed
 */
export function readContentType (header: string | undefined): ContentType | undefined {
  if (header === undefined) return NONE
  if (header === 'application/json') return JSON_TYPE
  const match = CONTENT_TYPE.exec(header)
  if (match === null) return undefined
  const [, mediaType = '', parameters = ''] = match
  const charsets = [...parameters.matchAll(EACH_PARAMETER)]
    .filter(([, name = '']) => name.toLowerCase() === 'charset')
    .map(([, , value = '']) => value.replace(/^"(.*)"$/, '$1').toLowerCase())
  return { mediaType: mediaType.toLowerCase(), charsets }
}

const JSON_TYPE: ContentType = { mediaType: 'application/json', charsets: [] }

/** True for JSON and the types that are written in it (RFC 6839 §3.1). */
export function isJsonType (mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json')
}
