import { isUtf8 } from 'node:buffer'
import type { Dispatcher } from 'undici'

/** What is kept of a receiver's answer. All of it is foreign text: scrubbed and cut. */
export type ReceivedResponse = {
  readonly status: number
  /** The few headers that help to find a fault. */
  readonly headers: { readonly [name: string]: string }
  /** Absent when the body is no plain text. */
  readonly body?: string
  /** Why the body is shortened or left out. */
  readonly bodyNote?: string
}

const HEADERS_KEPT = ['content-type', 'content-length', 'content-encoding', 'retry-after', 'server', 'location', 'x-request-id']
const HEADER_LENGTH_MAX = 256

/** Reads an answer up to `bytesMax` of its body; the rest is never received. Rejects when the connection ends too early. */
export async function readResponse (reply: Dispatcher.ResponseData, bytesMax: number, scrubText: (text: string) => string): Promise<ReceivedResponse> {
  const { bytes, isCut } = await readBytes(reply.body, bytesMax)
  const headers: Record<string, string> = {}
  for (const name of HEADERS_KEPT) {
    const value = reply.headers[name]
    if (typeof value === 'string') headers[name] = scrubText(value).slice(0, HEADER_LENGTH_MAX)
  }
  return { status: reply.statusCode, headers, ...describeBody(bytes, isCut, reply.headers['content-encoding'] !== undefined, scrubText) }
}

async function readBytes (body: Dispatcher.ResponseData['body'], bytesMax: number): Promise<{ bytes: Buffer, isCut: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  body.on('error', () => {})
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > bytesMax) break
  }
  return { bytes: Buffer.concat(chunks).subarray(0, bytesMax), isCut: length > bytesMax }
}

/**
 * Encoded or binary bodies could carry personal data past the scrubber, so they are not kept. A cut can leave the
 * head of a card number or address that nothing recognises any more: the last word and number before it go too.
 */
function describeBody (bytes: Buffer, isCut: boolean, isEncoded: boolean, scrubText: (text: string) => string): { body?: string, bodyNote?: string } {
  if (isEncoded) return { bodyNote: 'not kept: it has a content encoding' }
  const whole = isCut ? dropPartialCharacter(bytes) : bytes
  if (!isUtf8(whole) || whole.includes(0)) return { bodyNote: 'not kept: it is not text in UTF-8' }
  const text = whole.toString('utf8')
  if (!isCut) return { body: scrubText(text) }
  return { body: scrubText(dropPartialWord(text)), bodyNote: `cut after ${bytes.length} bytes` }
}

/** Looks at the end alone, so that the patterns cost the same however long the text is. */
function dropPartialWord (text: string): string {
  return text.slice(0, -512) + text.slice(-512).replace(/[\d .-]{0,64}$/, '').replace(/\S{0,256}$/, '')
}

function dropPartialCharacter (bytes: Buffer): Buffer {
  for (let tail = 1; tail <= Math.min(4, bytes.length); tail++) {
    const byte = bytes[bytes.length - tail] ?? 0
    if (byte < 0x80) return bytes
    if (byte >= 0xc0) return bytes.subarray(0, bytes.length - tail)
  }
  return bytes
}
