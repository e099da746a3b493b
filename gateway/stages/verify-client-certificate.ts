import type { IncomingMessage } from 'node:http'
import { pass, refuse, whenSettled, type Clock, type Verdict } from '../../kernel/index.ts'
import type { SelfSignedVerdict } from '../../authz/index.ts'
import type { CertificateVerdict } from '../../certs/index.ts'
import type { AddressFacts, Arrival, CertificateFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/** What the door knows of a connection, and how certificates are judged. */
export interface VerifyClientCertificateDeps {
  /** The certificate that arrived with the request, in DER; undefined when none did. */
  readonly presented: (request: IncomingMessage, peer: string) => Presented
  /** Lower-case name of the header that hands a certificate over; a request with it is never judged by its connection. */
  readonly certificateHeader: string
  readonly verify: (der: Buffer, intermediates: readonly Buffer[]) => CertificateVerdict
  /** Looks up a certificate that no authority vouches for; absent: none is let in. */
  readonly admitSelfSigned?: (der: Buffer) => SelfSignedVerdict | Promise<SelfSignedVerdict>
  /** Changes with every revocation, so that a verdict kept for a connection is not kept beyond it. */
  readonly revocationGeneration: () => number
  readonly clock: Clock
}

/** How a client certificate arrived. `holder` identifies the connection that may keep the verdict. */
export type Presented =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'certificate', readonly der: Buffer, readonly intermediates: readonly Buffer[], readonly holder?: object }
  | { readonly kind: 'header-untrusted', readonly header: string }

interface KeptVerdict { readonly verdict: Verdict<CertificateFacts>, readonly generation: number, readonly untilMs: number }

type PresentedCertificate = Extract<Presented, { kind: 'certificate' }>

/** For so long a connection goes on after the client that registered its certificate is gone; nothing authenticates by then. */
const REGISTERED_FRESH_MS = 30_000

const NONE: Verdict<CertificateFacts> = pass({ certificate: undefined })

/**
 * Proves the client certificate on the mutual-TLS door: chain, validity, purpose and revocation (RFC 5280 §6, RFC 8705 §2),
 * once per connection and again after any revocation. A certificate that no authority vouches for is let in when a client has
 * registered this very one (RFC 8705 §2.2): it is known by its thumbprint, has no names, and authenticates that client alone. On
 * the public door nothing is asked for and nothing is taken.
 *
 * @refuses certificate_missing 401 · certificate_untrusted 401 · certificate_expired 401 · certificate_not_yet_valid 401 ·
 * certificate_revoked 401 · certificate_purpose_invalid 401 · certificate_header_untrusted 400
 */
export function verifyClientCertificate (deps: VerifyClientCertificateDeps): Stage<Arrival & AddressFacts, CertificateFacts> {
  const kept = new WeakMap<object, KeptVerdict>()
  const keep = (verdict: Verdict<CertificateFacts>, { holder }: PresentedCertificate, generation: number, untilMs: number): Verdict<CertificateFacts> => {
    if (holder !== undefined) kept.set(holder, { verdict, generation, untilMs })
    return verdict
  }
  const refuseUnlessRegistered = ({ code, detail }: Extract<CertificateVerdict, { kind: 'refused' }>, presented: PresentedCertificate, generation: number): Verdict<CertificateFacts> | Promise<Verdict<CertificateFacts>> => {
    const refusal = refuse({ code, internalDetail: detail })
    if (code !== 'certificate_untrusted' || deps.admitSelfSigned === undefined) return refusal
    return whenSettled(deps.admitSelfSigned(presented.der), (admitted): Verdict<CertificateFacts> => {
      if (admitted.kind === 'unregistered') return refusal
      if (admitted.kind === 'refused') return refuse({ code: admitted.code, internalDetail: admitted.detail })
      return keep(pass({ certificate: admitted.certificate }), presented, generation, Math.min(admitted.notAfterMs, deps.clock.nowMs() + REGISTERED_FRESH_MS))
    })
  }
  return {
    name: 'verify-client-certificate',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ request }) => {
      const held = request.headers[deps.certificateHeader] === undefined ? kept.get(request.socket) : undefined
      if (held !== undefined && held.generation === deps.revocationGeneration() && deps.clock.nowMs() <= held.untilMs) return held.verdict
      const presented = deps.presented(request, request.socket.remoteAddress ?? '')
      if (presented.kind !== 'certificate') return refuseAbsent(presented)
      const generation = deps.revocationGeneration()
      const judged = deps.verify(presented.der, presented.intermediates)
      if (judged.kind === 'refused') return refuseUnlessRegistered(judged, presented, generation)
      return keep(pass({ certificate: judged.certificate }), presented, generation, judged.certificate.notAfterMs)
    },
  }
}

function refuseAbsent (presented: Exclude<Presented, { kind: 'certificate' }>): Verdict<CertificateFacts> {
  switch (presented.kind) {
    case 'not-asked': return NONE
    case 'missing': return refuse({ code: 'certificate_missing', internalDetail: 'the mutual-TLS door was reached without a client certificate' })
    case 'header-untrusted': return refuse({ code: 'certificate_header_untrusted', internalDetail: `the header ${presented.header} came from a peer outside tls.certificate_header.trusted_proxies` })
  }
}
