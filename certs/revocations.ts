import type { Clock } from '../kernel/index.ts'
import { isJsonObject, type Json } from '../kernel/index.ts'
import type { KeyValue, Notices } from '../stores/ports.ts'
import { normaliseSerial } from './parsed-certificate.ts'

/** The serial numbers that are revoked, in memory on every instance and stored once for all. */
export interface Revocations {
  readonly revoke: (serial: string) => Promise<void>
  readonly isRevoked: (serial: string) => boolean
  /** Grows with each revocation that becomes known here. */
  readonly generation: () => number
  /** In order of their serial numbers. */
  readonly list: () => ReadonlyArray<{ readonly serial: string, readonly revokedAtMs: number }>
  readonly reload: () => Promise<void>
  readonly close: () => void
}

const SPACE = 'revoked-certificate'
const TOPIC = 'certificate-revoked'
const PAGE = 1000

/**
 * Loads what is revoked and follows the notices about more. The subscription begins before the load, so that nothing falls
 * between them. A revocation is for ever: nothing takes one back (RFC 5280 §5.3.1 knows holds; we have none).
 */
export async function openRevocations (deps: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): Promise<Revocations> {
  const revokedAtMs = new Map<string, number>()
  let generation = 0
  const learn = (serial: string, details: Json): void => {
    if (revokedAtMs.has(serial)) return
    revokedAtMs.set(serial, readTime(details) ?? deps.clock.nowMs())
    generation++
  }
  const reload = async (): Promise<void> => {
    for await (const { key, value } of readAll(deps.keyValue)) learn(key, value)
  }
  const close = deps.notices.subscribe(TOPIC, (message) => {
    if (typeof message['serial'] === 'string') learn(message['serial'], message)
  })
  await reload()
  return {
    revoke: async (text) => {
      const serial = requireSerial(text)
      const details = { revokedAtMs: deps.clock.nowMs() }
      await deps.keyValue.putIfAbsent(SPACE, serial, details)
      learn(serial, details)
      await deps.notices.publish(TOPIC, { serial, ...details })
    },
    isRevoked: (serial) => revokedAtMs.has(serial) || revokedAtMs.has(normaliseSerial(serial) ?? ''),
    generation: () => generation,
    list: () => [...revokedAtMs].sort(([a], [b]) => a < b ? -1 : 1).map(([serial, atMs]) => ({ serial, revokedAtMs: atMs })),
    reload,
    close,
  }
}

async function * readAll (keyValue: KeyValue): AsyncGenerator<{ readonly key: string, readonly value: Json }> {
  let after: string | undefined
  for (;;) {
    const page = await keyValue.list(SPACE, after === undefined ? { limit: PAGE } : { after, limit: PAGE })
    yield * page
    if (page.length < PAGE) return
    after = page.at(-1)?.key
  }
}

function readTime (details: Json): number | undefined {
  const time = isJsonObject(details) ? details['revokedAtMs'] : undefined
  return typeof time === 'number' ? time : undefined
}

function requireSerial (text: string): string {
  const serial = normaliseSerial(text)
  if (serial === undefined) throw new RangeError('A serial number is 1 to 20 octets in hex')
  return serial
}
