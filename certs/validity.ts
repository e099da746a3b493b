/** The period of a certificate (RFC 5280 §4.1.2.5), in whole seconds as milliseconds since the epoch, both ends included. */
export interface Validity { readonly notBeforeMs: number, readonly notAfterMs: number }

/** So that a peer whose clock is behind accepts a fresh certificate. */
const BACKDATE_MS = 300_000
/** 9999-12-31T23:59:59Z, the last time that a certificate can say. */
const LAST_MS = 253_402_300_799_000

/**
 * A period that ends `lifetimeMs` after now and begins five minutes before now; within the issuer's period, because a
 * chain is valid only while each of its certificates is (RFC 5280 §6.1.3).
 *
 * @throws RangeError for a lifetime under one second or with no room left in the issuer's period
 */
export function planValidity (nowMs: number, lifetimeMs: number, issuer?: Validity): Validity {
  if (!Number.isSafeInteger(lifetimeMs) || lifetimeMs < 1000) throw new RangeError(`A certificate's lifetime must be a whole number of milliseconds, 1000 or more, and is ${lifetimeMs}`)
  const notBeforeMs = Math.max(floorToSecond(nowMs - BACKDATE_MS), issuer?.notBeforeMs ?? 0)
  const notAfterMs = Math.min(floorToSecond(nowMs + lifetimeMs), issuer?.notAfterMs ?? LAST_MS)
  if (notAfterMs <= nowMs) throw new RangeError(`The authority's own certificate ended at ${new Date(notAfterMs).toISOString()}; nothing can be issued under it`)
  return { notBeforeMs, notAfterMs }
}

/**
 * A period that is over, or that has not begun: for trying how a client takes it. An expired one ended an hour ago; one of
 * the future begins in a day.
 */
export function planOddValidity (nowMs: number, lifetimeMs: number, when: 'past' | 'future'): Validity {
  const notBeforeMs = floorToSecond(when === 'past' ? nowMs - PAST_MS - lifetimeMs : nowMs + FUTURE_MS)
  return { notBeforeMs, notAfterMs: Math.min(notBeforeMs + floorToSecond(lifetimeMs), LAST_MS) }
}

const PAST_MS = 3_600_000
const FUTURE_MS = 86_400_000

function floorToSecond (ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
