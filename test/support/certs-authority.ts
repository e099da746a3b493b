import { X509Certificate } from 'node:crypto'
import { createClientCertificateVerifier, createRootCertificate, openAuthority, type Authority, type CertificateVerdict } from '../../certs/index.ts'
import { createSharedStore, type SharedStore } from './certs-stores.ts'

export const DAY_MS = 86_400_000
/** A time with milliseconds, so that rounding shows. */
export const START_MS = Date.UTC(2031, 4, 6, 7, 8, 9, 345)

export interface TestAuthority {
  readonly authority: Authority
  readonly root: { readonly certificatePem: string, readonly keyPem: string }
  readonly store: SharedStore
  readonly clock: { nowMs: () => number, setMs: (ms: number) => void }
  readonly verify: (der: Buffer, intermediates?: readonly Buffer[]) => CertificateVerdict
}

/** An authority of ten years on a clock that stands still until it is moved. */
export async function createTestAuthority (options: { commonName?: string, extraAnchorsPem?: string[], startMs?: number } = {}): Promise<TestAuthority> {
  const clock = createTestClock(options.startMs ?? START_MS)
  const store = createSharedStore()
  const root = await createRootCertificate({ commonName: options.commonName ?? 'Test authority', lifetimeMs: 3650 * DAY_MS, clock })
  const authority = await openAuthority({ ...root, clock, keyValue: store.keyValue, notices: store.notices })
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem: options.extraAnchorsPem ?? [], clock })
  return { authority, root, store, clock, verify }
}

export function createTestClock (startMs: number): TestAuthority['clock'] {
  let nowMs = startMs
  return { nowMs: () => nowMs, setMs: (ms) => { nowMs = ms } }
}

export function derOf (pem: string): Buffer {
  return new X509Certificate(pem).raw
}

/** The code of a refusal, or `trusted`. */
export function codeOf (verdict: CertificateVerdict): string {
  return verdict.kind === 'refused' ? verdict.code : verdict.kind
}
