import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import type { Clock } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { spaceOf } from '../tokens/issued-tokens.ts'
import { reportOutage } from './store-adapter.ts'

/** The library takes a proof whose `iat` is as much ahead of the clock, and so for as much longer. */
const MARGIN_MS = 300_000

/**
 * Makes one-time use of assertions, request objects and DPoP proofs (RFC 7523 §3-7, RFC 9449 §11.1) hold under concurrency and
 * over instances: the library looks and then writes, so that of parallel uses several would win.
 */
export function detectReplaysAtomically (provider: Provider, { keyValue, clock }: { readonly keyValue: KeyValue, readonly clock: Clock }): void {
  const { ReplayDetection } = provider as unknown as { ReplayDetection: { unique: (issuer: string, jti: string, exp: number) => Promise<boolean> } }
  ReplayDetection.unique = reportOutage(async (issuer: string, jti: string, exp: number) => {
    const id = createHash('sha256').update(`${issuer}\0${jti}`).digest('base64url')
    return await keyValue.putIfAbsent(spaceOf('ReplayDetection'), id, true, { ttlMs: Math.max(1000, Math.ceil(exp * 1000 - clock.nowMs())) + MARGIN_MS })
  })
}
