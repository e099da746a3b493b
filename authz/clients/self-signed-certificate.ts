import { X509Certificate } from 'node:crypto'
import { thumbprintOf } from '../../certs/index.ts'
import { whenSettled, type Clock } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/ports.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import type { ClientDirectory } from './client-directory.ts'

/** A certificate that no authority vouches for: who registered it, if anybody, and whether it may be used now. */
export type SelfSignedVerdict =
  | { readonly kind: 'registered', readonly certificate: PresentedCertificate & { readonly isSelfSigned: true }, readonly notAfterMs: number }
  | { readonly kind: 'refused', readonly code: 'certificate_expired' | 'certificate_not_yet_valid', readonly detail: string }
  | { readonly kind: 'unregistered' }

/**
 * Looks for a client of `self_signed_tls_client_auth` that has registered this very certificate (RFC 8705 §2.2). The handshake has
 * proved its key; its names are anybody's words, so none is handed on: it can authenticate the client that registered it and bind
 * tokens, and nothing else. Its time of validity counts although no chain does.
 */
export function admitSelfSigned ({ clients, clock }: { readonly clients: Pick<ClientDirectory, 'isRegisteredCertificate'>, readonly clock: Clock }, der: Buffer): MaybePromise<SelfSignedVerdict> {
  const thumbprint = thumbprintOf(der)
  return whenSettled(clients.isRegisteredCertificate(thumbprint), (isRegistered): SelfSignedVerdict => {
    if (!isRegistered) return { kind: 'unregistered' }
    const x509 = new X509Certificate(der)
    const [notBeforeMs, notAfterMs, nowMs] = [x509.validFromDate.getTime(), x509.validToDate.getTime(), clock.nowMs()]
    if (nowMs < notBeforeMs) return { kind: 'refused', code: 'certificate_not_yet_valid', detail: `the registered certificate is valid from ${x509.validFromDate.toISOString()}` }
    if (nowMs > notAfterMs + LAST_SECOND_MS) return { kind: 'refused', code: 'certificate_expired', detail: `the registered certificate was valid until ${x509.validToDate.toISOString()}` }
    return { kind: 'registered', notAfterMs, certificate: { thumbprint, der, subjectDn: '', dnsNames: [], uris: [], ips: [], emails: [], isSelfSigned: true } }
  })
}

/** The last second of validity is inclusive (RFC 5280 §4.1.2.5). */
const LAST_SECOND_MS = 999
