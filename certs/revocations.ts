import type { Clock } from '../kernel/index.ts'
import { isJsonObject, type Json } from '../kernel/index.ts'
import type { KeyValue, Notices } from '../stores/ports.ts'
import { normaliseSerial } from './parsed-certificate.ts'

/** Why a certificate was revoked (RFC 5280 §5.3.1), of the reasons that make sense for an end entity's. */
export const revocationReasons = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn'] as const

export type RevocationReason = typeof revocationReasons[number]

/** What is known of a revoked certificate. */
export interface Revocation { readonly serial: string, readonly revokedAtMs: number, readonly reason: RevocationReason }

export interface RevokeOptions {
  /** Default: `unspecified`. */
  readonly reason?: RevocationReason
  /** When the certificate ends anyhow: a day later it is forgotten, so that lists do not grow for ever (RFC 5280 §3.3). */
  readonly notAfterMs?: number
}

/** The serial numbers that are revoked, in memory on every instance and stored once for all. */
export interface Revocations {
  readonly revoke: (serial: string, options?: RevokeOptions) => Promise<void>
  readonly find: (serial: string) => Revocation | undefined
  readonly isRevoked: (serial: string) => boolean
  /** Grows with each revocation that becomes known here. */
  readonly generation: () => number
  /** In order of their serial numbers. */
  readonly list: () => readonly Revocation[]
  readonly reload: () => Promise<void>
  readonly close: () => void
}

const SPACE = 'revoked-certificate'
const TOPIC = 'certificate-revoked'
const PAGE = 1000
/** RFC 5280 §3.3: an entry stays on one list after the certificate's end, and a list is due again in a day. */
const KEPT_AFTER_END_MS = 2 * 86_400_000

/**
 * Loads what is revoked and follows the notices about more. The subscription begins before the load, so that nothing falls
 * between them. A revocation is for ever: nothing takes one back (RFC 5280 §5.3.1 knows holds; we have none).
 */
export async function openRevocations (deps: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): Promise<Revocations> {
  const revoked = new Map<string, Kept>()
  let generation = 0
  const learn = (serial: string, details: Json): void => {
    if (revoked.has(serial)) return
    revoked.set(serial, readDetails(serial, details, deps.clock.nowMs()))
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
    revoke: async (text, { reason = 'unspecified', notAfterMs } = {}) => {
      const serial = requireSerial(text)
      const nowMs = deps.clock.nowMs()
      const details = { revokedAtMs: nowMs, reason, ...(notAfterMs === undefined ? {} : { notAfterMs }) }
      await deps.keyValue.putIfAbsent(SPACE, serial, details, notAfterMs === undefined ? {} : { ttlMs: Math.max(0, notAfterMs - nowMs) + KEPT_AFTER_END_MS })
      learn(serial, details)
      await deps.notices.publish(TOPIC, { serial, ...details })
    },
    find: (serial) => revoked.get(serial) ?? revoked.get(normaliseSerial(serial) ?? ''),
    isRevoked: (serial) => revoked.has(serial) || revoked.has(normaliseSerial(serial) ?? ''),
    generation: () => generation,
    list: () => {
      const nowMs = deps.clock.nowMs()
      for (const [serial, { forgetMs }] of revoked) if (nowMs > forgetMs) revoked.delete(serial)
      return [...revoked.values()].sort((a, b) => a.serial < b.serial ? -1 : 1)
    },
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

interface Kept extends Revocation { readonly forgetMs: number }

function readDetails (serial: string, details: Json, nowMs: number): Kept {
  const { revokedAtMs, reason, notAfterMs } = isJsonObject(details) ? details : {}
  return {
    serial,
    revokedAtMs: typeof revokedAtMs === 'number' ? revokedAtMs : nowMs,
    reason: revocationReasons.find((known) => known === reason) ?? 'unspecified',
    forgetMs: typeof notAfterMs === 'number' ? notAfterMs + KEPT_AFTER_END_MS : Infinity,
  }
}

function requireSerial (text: string): string {
  const serial = normaliseSerial(text)
  if (serial === undefined) throw new RangeError('A serial number is 1 to 20 octets in hex')
  return serial
}
