import type { AlternativeName, CertificateOrder, KeySource, KeyType, Psd2, PspRole } from '../../certs/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import type { CertificateKind } from './issued-certificates.ts'

/** What is asked for, in a form that a renewal can ask for again. */
export interface Wish {
  readonly kind: CertificateKind
  /** `cert_…`: the common name of a client's certificate, and so a client's authentication (RFC 8705 §2.1.2). */
  readonly commonName: string
  readonly organization: string
  readonly sandboxId: string
  readonly names: readonly AlternativeName[]
  readonly psd2?: PaymentProvider
}

/** A payment service provider that does not exist. */
export interface PaymentProvider extends Psd2 {
  readonly organization: string
  readonly country: string
  readonly organizationIdentifier: string
}

const PURPOSES: Readonly<Partial<Record<CertificateKind, CertificateOrder['purpose']>>> = { qwac: 'website', qseal: 'seal', wrong_eku: 'server' }
const TIMES: Readonly<Partial<Record<CertificateKind, 'past' | 'future'>>> = { expired: 'past', not_yet_valid: 'future' }

/** Kinds that a client works with, and so renews. */
export const RENEWABLE: ReadonlySet<string> = new Set(['client', 'qwac', 'qseal'] satisfies CertificateKind[])

/** The order that fulfils a wish. The subject is ours and names the sandbox: it can be nobody else's (RFC 8705 §2.1.2). */
export function orderOf (wish: Wish, key: KeySource, lifetimeMs: number, disclosureUrl: string): CertificateOrder {
  const { kind, names, psd2 } = wish
  const purpose = PURPOSES[kind] ?? 'client'
  return {
    key,
    lifetimeMs,
    purpose,
    names,
    when: TIMES[kind] ?? 'now',
    subject: psd2 === undefined ? { commonName: wish.commonName, organization: wish.organization } : subjectOf(psd2, wish.sandboxId),
    ...(psd2 === undefined ? {} : { qualified: { types: [purpose === 'seal' ? 'eseal' : 'web'], disclosureUrl, psd2 } }),
  }
}

/** Whoever reads the name of a qualified test certificate sees a test; programs find each attribute in its place (ETSI TS 119 495 §5.2.1). */
function subjectOf ({ organization, country, organizationIdentifier }: PaymentProvider, sandboxId: string): CertificateOrder['subject'] {
  return { country, organization: `TEST ${organization}`, organizationIdentifier, organizationalUnit: `Sandgate TEST of ${sandboxId}`, commonName: `TEST ${organization}` }
}

/** What is kept of a wish, for renewals. */
export function keepWish ({ commonName, organization, names, psd2 }: Wish): JsonObject {
  return { commonName, organization, names: names.map((name) => ({ ...name })), psd2: psd2 === undefined ? null : { ...psd2, roles: [...psd2.roles] } }
}

/** The wish as it was kept. */
export function recallWish (kept: JsonObject, kind: CertificateKind, sandboxId: string): Wish {
  const { commonName, organization, names, psd2 } = kept as unknown as { readonly commonName: string, readonly organization: string, readonly names: readonly AlternativeName[], readonly psd2: PaymentProvider | null }
  return { kind, sandboxId, commonName, organization, names, ...(psd2 === null ? {} : { psd2 }) }
}

interface Psd2Body { readonly organization?: string, readonly country?: string, readonly organization_identifier?: string, readonly roles?: readonly PspRole[], readonly nca_name?: string, readonly nca_id?: string }

/**
 * The provider of a request, with a default for everything that it leaves out.
 *
 * @returns text that says what does not fit, when the identifier is of another authority than the one named
 */
export function readPaymentProvider ({ organization = 'Payment Provider', country = 'GB', nca_id: ncaId = 'GB-FCA', ...rest }: Psd2Body): PaymentProvider | string {
  const organizationIdentifier = rest.organization_identifier ?? `PSD${ncaId}-000000`
  if (!organizationIdentifier.startsWith(`PSD${ncaId}-`)) return `organization_identifier must begin with PSD${ncaId}-, for nca_id is ${ncaId} (ETSI TS 119 495 §5.2.1).`
  return { organization, country, organizationIdentifier, ncaId, ncaName: rest.nca_name ?? 'Financial Conduct Authority', roles: rest.roles ?? ['PSP_PI', 'PSP_AI'] }
}

/** Domains that nobody can own (RFC 2606, RFC 6761). */
const RESERVED = /(?:^|\.)(?:test|example|invalid|example\.(?:com|net|org))$/

/**
 * Why a qualified website certificate may not have these names. It is also a server's certificate (EN 319 412-4), and people
 * trust the authority: so it can be only for servers that cannot exist, and not for this installation.
 */
export function explainWebsiteNames (names: readonly AlternativeName[], publicHost: string): string | undefined {
  const bad = names.find(({ kind, value }) => kind === 'ip' || (kind === 'dns' && (!RESERVED.test(value) || value === publicHost || value.endsWith(`.${publicHost}`))))
  return bad === undefined ? undefined : `A website certificate is made for names under .test, .example, .invalid, example.com, example.net or example.org, and not for ${bad.value}.`
}

/** The key to make or to take. */
export function readKeySource (csr: string | undefined, type: KeyType | undefined): KeySource {
  return csr === undefined ? { kind: 'made', type: type ?? 'ec-p256' } : { kind: 'request', csrPem: csr }
}
