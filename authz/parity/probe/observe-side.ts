import { createRootCertificate } from '../../../certs/index.ts'
import { Secret, version, type Clock } from '../../../kernel/index.ts'
import type { LiveSide } from '../side.ts'
import { listCapabilities } from './capabilities.ts'
import { createHttpClient } from './http-client.ts'
import { readMetadata } from './metadata.ts'
import { explainNeed, type Facts, type Observation, type Probe } from './probe.ts'
import { openSession, type Session } from './session.ts'

/** A side that can be asked. */
export interface OpenSide {
  readonly session: Session
  readonly capabilities: ReadonlySet<string>
  readonly notes: readonly string[]
  /** Ends its connections. */
  readonly close: () => void
}

export type OpenOutcome =
  | { readonly kind: 'open', readonly side: OpenSide }
  | { readonly kind: 'unreachable', readonly issuer: string, readonly why: string }

export interface ProbeOptions {
  readonly clock: Clock
  /** Pause before each request. */
  readonly delayMs: number
}

/** Reads a side's metadata and finds out what it can be asked, with a login that no person answers where it has a client for it. */
export async function openSide (side: LiveSide, options: ProbeOptions): Promise<OpenOutcome> {
  const http = createHttpClient({ userAgent: `sandgate-parity/${version}`, ...(side.authorityPem === undefined ? {} : { authorityPem: side.authorityPem }) })
  const outcome = await readMetadata(side.issuer, http)
  if (outcome.kind === 'failed') http.close()
  if (outcome.kind === 'failed') return { kind: 'unreachable', issuer: side.issuer, why: outcome.why }
  const { metadata } = outcome
  // A document that names another issuer may name another's endpoints, and no credential is sent to those (RFC 8414 §3.3).
  const { client, ...anonymous } = side
  const trusted: LiveSide = metadata.isOwn || client === undefined ? side : anonymous
  const session = openSession({ side: trusted, metadata, http, clock: options.clock, foreignCertificate: await makeForeignCertificate(options.clock), delayMs: options.delayMs })
  const capabilities = new Set(listCapabilities(trusted, metadata.primary))
  const notes = trusted === side ? [] : [`${side.issuer} names another issuer in its metadata; its test client was not used.`]
  return { kind: 'open', side: { session, capabilities, notes, close: http.close } }
}

/** Finds out whether the test client gets a code without a person. */
export async function tryLogin (side: OpenSide): Promise<OpenSide> {
  const { session, capabilities, notes } = side
  const outcome = await session.logIn()
  if (outcome.kind === 'code') return { ...side, capabilities: new Set([...capabilities, 'login']) }
  return { ...side, notes: [...notes, `${session.side.issuer} gave no code: ${outcome.why}.`] }
}

/** True where a login is worth a try. */
export function mayLogIn (capabilities: ReadonlySet<string>): boolean {
  return ['client:redirect', 'endpoint:authorization', 'endpoint:token', 'grant:authorization_code'].every((need) => capabilities.has(need))
}

/**
 * Asks one side everything that both sides have, one request after the other. What the other lacks is not asked: there would be
 * nothing to compare it with.
 */
export async function observeSide ({ session, capabilities }: OpenSide, probes: readonly Probe[], other: { readonly name: string, readonly capabilities: ReadonlySet<string> } | undefined, ownName: string): Promise<ReadonlyMap<string, Observation>> {
  const observations = new Map<string, Observation>()
  for (const probe of probes) {
    const why = whySkipped(probe, capabilities, ownName) ?? (other === undefined ? undefined : whySkipped(probe, other.capabilities, other.name))
    observations.set(probe.id, why === undefined ? await observe(probe, session, ownName) : { kind: 'skipped', why })
  }
  return observations
}

function whySkipped (probe: Probe, capabilities: ReadonlySet<string>, name: string): string | undefined {
  const missing = probe.needs.find((need) => !capabilities.has(need))
  return missing === undefined ? undefined : `${name} ${explainNeed(missing)}`
}

async function observe (probe: Probe, session: Session, name: string): Promise<Observation> {
  if (session.isThrottled()) return { kind: 'skipped', why: `${name} went on answering 429` }
  const facts = await probe.observe(session)
  return session.isThrottled() ? { kind: 'skipped', why: `${name} went on answering 429` } : { kind: 'seen', facts: session.redactor.guard(facts) as Facts }
}

const FOREIGN_LIFETIME_MS = 86_400_000

async function makeForeignCertificate (clock: Clock) {
  const { certificatePem, keyPem } = await createRootCertificate({ commonName: 'Sandgate parity, certificate of nobody', lifetimeMs: FOREIGN_LIFETIME_MS, clock })
  return { certificatePem, keyPem: new Secret(keyPem) }
}
