import { hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../kernel/index.ts'
import { deriveKey } from '../sealing.ts'

/** Nonces that a DPoP proof must carry (RFC 9449 §8, §9). */
export interface DpopNonces {
  /** The one to hand out now. */
  readonly current: () => string
  /** True for those of the current and the neighbouring windows. */
  readonly accepts: (nonce: string) => boolean
}

/** Seconds of one window. */
const WINDOW_S = 60
/** A nonce is handed out a window ahead, so it is good for two to four minutes. */
const WINDOWS_ASIDE = 2

/** The secret of the nonces, the same on every instance: HKDF-SHA256 (RFC 5869) of the first cookie key. 32 bytes. */
export function deriveNonceSecret (cookieKey: string): Buffer {
  return deriveKey(cookieKey, 'DPoP nonces')
}

/**
 * Nonces that nobody needs to keep: each is a function of the secret and of the window of time that it is for. They are
 * those of oidc-provider under the same secret, so that one from the token endpoint is good at the API and the other way.
 */
export function createDpopNonces (secret: Buffer, clock: Clock): DpopNonces {
  let window = -1
  let values: readonly string[] = []

  function list (): readonly string[] {
    const now = Math.floor(clock.nowMs() / (WINDOW_S * 1000))
    if (now !== window) {
      values = Array.from({ length: 2 * WINDOWS_ASIDE + 1 }, (_, index) => compute(secret, now - WINDOWS_ASIDE + index))
      window = now
    }
    return values
  }

  return {
    current: () => list()[WINDOWS_ASIDE + 1] ?? '',
    accepts: (nonce) => list().some((value) => isSame(value, nonce)),
  }
}

function compute (secret: Buffer, window: number): string {
  const salt = Buffer.alloc(8)
  salt.writeBigUInt64BE(BigInt(window))
  return Buffer.from(hkdfSync('sha256', secret, salt, 'DPoP', 32)).toString('base64url')
}

function isSame (a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
