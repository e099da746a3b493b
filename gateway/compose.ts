import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JWK } from 'jose'
import pino, { type Logger } from 'pino'
import { createAuthorizationServer, EXPOSED_HEADERS, TOKEN_BODY_BYTES_MAX, type AuthorizationServer, type TokenVerdict } from '../authz/index.ts'
import { createClientCertificateVerifier, createNameClaims, createNameTwins, openAuthority, type Authority } from '../certs/index.ts'
import type { Config } from '../config/index.ts'
import { systemClock, version, whenSettled, type Clock, type Finding } from '../kernel/index.ts'
import { createGuardedFetch, createSandboxCore, createWebhooks, type SandboxCore, type Webhooks } from '../sandbox-core/index.ts'
import { createLocalCounter, openEmbeddedStores, openRedisStores, type Stores } from '../stores/index.ts'
import { createAbuseEngine, type AbuseEngine, type RuleOutcome } from './abuse/index.ts'
import { certificateOperatorRoutes, certificateRoutes, clientRoutes, faultRoutes, createControlCredentials, createIssuedCertificates, createSandboxes, handshakeOperatorRoutes, handshakeRoutes, operatorRoutes, registrationRoutes, sandboxRoutes, signingKeyRoutes, tokenRoutes, userRoutes, webhookRoutes, type ControlRoute, type IssuedCertificates, type Sandboxes } from './control/index.ts'
import { createFaults, faultEndpoints, takeAuthorizationFault, type Faults } from './faults/index.ts'
import { createLimit, formatRateLimitHeaders } from './limits/index.ts'
import type { LoadedDefinitions } from './load-definitions.ts'
import { readBrand } from './read-brand.ts'
import { openMaterial, type Material } from './material.ts'
import { cidrList } from './pipeline/cidr-list.ts'
import { createPipeline, type PipelineDeps } from './pipeline.ts'
import type { Passage } from './pipeline/passage.ts'
import { createFailureNotes, createHandshakes, createMetrics, createRequestRecords, createTokenLines, type Handshakes, type Metrics, type RequestRecords, type TokenLines } from './record/index.ts'
import { createScrubber, type Scrubber } from './scrub/index.ts'
import { assembleSurfaces, type Surfaces } from './surfaces/assemble-surfaces.ts'
import { disclosureUrlAt, revocationUrlsAt } from './surfaces/certificate-pages.ts'
import { createHttpApp } from './surfaces/http-app.ts'
import { describeRequest } from './surfaces/describe-request.ts'
import { openClientRevocationLists, type ClientRevocationLists } from './tls/client-revocation-lists.ts'
import { keepTlsFresh } from './tls/keep-tls-fresh.ts'
import { openServerCertificate, type ServerCertificate } from './tls/server-certificate.ts'
import { createPresentedCertificate } from './tls/presented-certificate.ts'
import type { Doors } from './tls/doors.ts'

/** Everything that runs, wired together and not yet listening. */
export interface Composition extends Surfaces {
  readonly stores: Stores
  readonly material: Material
  readonly authority: Authority
  readonly certificates: IssuedCertificates
  readonly clock: Clock
  readonly authz: AuthorizationServer
  readonly core: SandboxCore
  readonly webhooks: Webhooks
  readonly abuse: AbuseEngine
  readonly sandboxes: Sandboxes
  readonly lines: TokenLines
  readonly metrics: Metrics
  readonly logger: Logger
  readonly doors: Doors
  readonly origins: Origins
  readonly endRefresh: () => void
  /** Reads the server certificate and the clients' revocation lists again, now. */
  readonly reloadFiles: () => Promise<void>
}

export interface Origins { readonly publicOrigin: string, readonly mtlsOrigin: string, readonly opsOrigin: string }

/** Parts that tests replace. */
export interface CompositionOverrides {
  readonly clock?: Clock
  readonly logStream?: { write: (line: string) => void }
}

/**
 * Builds an installation from its configuration. This is the only place that constructs: every part is handed the little it
 * needs, and knows no configuration.
 */
export async function compose (config: Config, definitions: LoadedDefinitions, overrides: CompositionOverrides = {}): Promise<Composition> {
  const clock = overrides.clock ?? systemClock
  const logger = pino({ level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, overrides.logStream ?? pino.destination({ fd: 1, sync: false, minLength: 16_000, periodicFlush: LOG_FLUSH_MS }))
  const metrics = createMetrics()
  const material = await openMaterial(config, clock)
  const stores = await openStores(config, clock)
  const origins = originsOf(config)
  const scrubber = createScrubber({ key: material.scrubSecret, clock, ...config.scrub })
  const scrubText = (text: string, scope = ''): string => scrubber.scrubText(text, scope).value
  const records = createRequestRecords({ log: stores.log, clock, onLeftOut: metrics.countRecordLeftOut })
  const certificates = createIssuedCertificates({ keyValue: stores.keyValue, clock })
  const names = createNameClaims(stores)
  const authority = await openAuthority({ ...material.authority, clock, ...stores, revocationUrls: revocationUrlsAt(pkiOriginOf(config, origins)), isIssued: async (serial) => (await certificates.find(serial))?.issuer === null })
  const webhooks = createWebhooks({ ...stores, clock, scrubText, options: { ...config.webhooks, version }, onAttempt: metrics.countWebhookAttempt, onFault: (fault) => logger.error({ fault: String(fault) }, 'webhooks') })
  const core = createSandboxCore({ apis: definitions.apis, layers: stores.layers, keyValue: stores.keyValue, notices: stores.notices, clock, isEventWanted: webhooks.isEventWanted })
  const passages = new WeakMap<IncomingMessage, Passage>()
  const faults = createFaults({ ...stores, clock })
  await faults.refresh()
  const lines = createTokenLines({ log: stores.log, clock, requestIdOf: (request) => passages.get(request as IncomingMessage)?.facts.requestId, onFault: (fault) => logger.error({ fault: String(fault) }, 'the time lines of tokens') })
  const authz = await openAuthz({ config, origins, stores, clock, material, core, passages, noteFailure: createFailureNotes({ metrics, logger }), lines, faults })
  const abuse = createAbuseEngine({ rules: definitions.rules, ...stores, clock, key: material.abuseSecret, modeOverride: config.abuse.mode === '' ? undefined : config.abuse.mode })
  const credentials = createControlCredentials({ keyValue: stores.keyValue, operatorToken: material.operatorToken })
  const sandboxes = createSandboxes({ keyValue: stores.keyValue, clock, authz, core, authority, certificates, credentials, template: config.sandboxes, offered: authz.offered })
  const lists = openClientRevocationLists({ files: config.tls.clientCrlFiles, clock, onProblem: (problem) => logger.error({ problem }, 'a revocation list') })
  const extraAuthoritiesPem = readExtraAuthorities(config.tls.clientCaFile)
  const { app, doors, server, handshakes } = await openFrontDoor({ config, authority, extraAuthoritiesPem, clock, metrics, logger })
  const tls = keepTlsFresh({ config, authority, clock, server, doors, lists, setExpiry: (ms) => metrics.setCertificateExpiry('server', ms), logger })
  const pipeline = composePipeline({ config, stores, clock, authority, authz, core, scrubber, abuse, records, metrics, logger, doors, extraAuthoritiesPem, lists, faults, findKeyHolder: credentials.findHolder })
  const routes: ControlRoute[] = [
    ...sandboxRoutes({ sandboxes, core, records, coreApis: definitions.apis.map((api) => api.name), listClients: async (sandboxId) => await authz.clients.list(sandboxId) }),
    ...certificateRoutes({ authority, certificates, names, clock, lifetimeMs: config.sandboxes.certificateLifetimeMs, lifetimeMsMax: config.sandboxes.certificateLifetimeMaximumMs, maximum: config.sandboxes.certificatesMaximum, publicHost: config.listen.publicHost, disclosureUrl: disclosureUrlAt(pkiOriginOf(config, origins)) }),
    ...clientRoutes({ authz, authority, certificates, certificateLifetimeMs: config.sandboxes.certificateLifetimeMs, defaultScopes: config.sandboxes.clientScopes }),
    ...userRoutes({ authz, scrub: scrubber.scrubJson }),
    ...registrationRoutes({ authz }),
    ...handshakeRoutes({ handshakes }),
    ...handshakeOperatorRoutes({ handshakes }),
    ...tokenRoutes({ lines, nowMs: clock.nowMs, advancedSinceMs: core.clock.advancedSinceMs }),
    ...webhookRoutes({ webhooks }),
    ...operatorRoutes({ sandboxes, bans: abuse.bans, rules: definitions.rules, authority, addresses: origins }),
    ...signingKeyRoutes(authz),
    ...faultRoutes({ faults, sandboxes, signingKeys: authz.signingKeys, listClients: async (sandboxId) => await authz.clients.list(sandboxId) }),
    ...certificateOperatorRoutes({ authority, certificates, clock }),
  ]
  const surfaces = assembleSurfaces({ app, config, pipeline, clock, authz, authority, core, routes, passages, scrubText, metrics, logger, documentationUrl: `${origins.publicOrigin}/sandbox/errors/`, wakeWebhooks: webhooks.wakeForEvents, stores })
  return { ...surfaces, endRefresh: together(refreshShared(stores, [authority.reloadRevocations, abuse.bans.refresh, authz.signingKeys.refresh, faults.refresh], metrics), tls.close, faults.close), reloadFiles: tls.reload, stores, material, authority, certificates, clock, authz, core, webhooks, abuse, sandboxes, lines, metrics, logger, doors, origins }
}

/** A person at a terminal sees a line soon after its request; a busy log is written in blocks. */
const LOG_FLUSH_MS = 200
const REFRESH_MS = 30_000

interface PipelineParts {
  readonly config: Config
  readonly stores: Stores
  readonly clock: Clock
  readonly authority: Authority
  readonly authz: AuthorizationServer
  readonly core: SandboxCore
  readonly scrubber: Scrubber
  readonly abuse: AbuseEngine
  readonly records: RequestRecords
  readonly metrics: Metrics
  readonly logger: Logger
  readonly doors: Doors
  /** Those whose client certificates are taken beside ours. */
  readonly extraAuthoritiesPem: readonly string[]
  readonly lists: ClientRevocationLists
  readonly faults: Faults
  readonly findKeyHolder: Parameters<typeof createPipeline>[0]['findKeyHolder']
}

function composePipeline ({ config, stores, clock, authority, authz, core, scrubber, abuse, records, metrics, logger, doors, extraAuthoritiesPem, lists, faults, findKeyHolder }: PipelineParts): ReturnType<typeof createPipeline> {
  const localCounter = createLocalCounter()
  const limit = (name: 'address' | 'client' | 'token'): ReturnType<typeof createLimit> => createLimit({ name, plan: config.limits[name], counter: stores.counter, localCounter, liveInstances: stores.instances, clock, onStoreLost: () => metrics.countFault(`limit-${name}`) })
  const { name: headerName, trustedProxies } = config.tls.certificateHeader
  return createPipeline({
    clock,
    logger,
    records,
    metrics,
    scrubber,
    findKeyHolder,
    trustedProxies: cidrList(config.trustedProxies),
    presented: createPresentedCertificate({ isMtls: doors.isMtls, headerName, trustedProxies: cidrList(trustedProxies) }),
    certificateHeader: headerName,
    verify: createClientCertificateVerifier({ authority, extraAnchorsPem: extraAuthoritiesPem, listed: lists.listed, clock }),
    admitSelfSigned: authz.admitSelfSigned,
    isRegisteredOrigin: authz.isRegisteredOrigin,
    isOriginOf: authz.isOriginOf,
    exposedHeaders: EXPOSED_HEADERS,
    revocationGeneration: () => authority.revocationGeneration() + lists.listed.generation(),
    findBan: (by) => abuse.bans.find('clientId' in by ? { address: '', clientId: by.clientId } : by),
    limits: { address: limit('address'), client: limit('client'), token: limit('token') },
    verifyToken: verifyOnSandboxClock(authz, core),
    readClaim: async (request) => await authz.readTokenRequest(request, TOKEN_BODY_BYTES_MAX),
    bodyDepthMax: config.limits.bodyDepthMax,
    formatLimits: (outcomes) => formatRateLimitHeaders(outcomes, config.limits.headers),
    scrubPath: (path, scope) => scrubber.scrubPath(path, scope).value,
    scrubText: (text, scope) => scrubber.scrubText(text, scope).value,
    sandboxOfClient: authz.sandboxOfClient,
    faults,
    endpointOf: faultEndpoints(config.profile.paths),
    wait: async (ms) => await sleep(ms, undefined, { ref: false }),
    judge: (seen) => whenSettled(abuse.judgeRequest(describeRequest(seen)), (fired) => {
      noteRules(fired, metrics)
      return fired
    }),
    observeAbuse: (seen) => {
      const outcomes = abuse.judgeOutcome({ ...describeRequest(seen), status: seen.outcome.status, code: seen.outcome.refusal?.code ?? seen.outcome.failure?.error, stage: seen.outcome.refusal?.stage })
      return whenSettled(outcomes, (fired) => noteRules(fired, metrics))
    },
  })
}

/** Counts the rules that fired, by what they ask for; the mode says whether it was done. */
function noteRules (fired: readonly RuleOutcome[], metrics: Metrics): readonly Finding[] {
  return fired.map(({ ruleId, mode, action, explanation }) => {
    metrics.countRule(ruleId, mode, action.kind)
    return { stage: 'judge-abuse', code: ruleId, detail: explanation }
  })
}

/** A token's age needs its sandbox's clock in memory; a store that answers later is asked first, once a sandbox. */
function verifyOnSandboxClock ({ verifyAccessToken }: AuthorizationServer, { clock }: SandboxCore): PipelineDeps['verifyToken'] {
  const settle = (verdict: TokenVerdict, again: () => ReturnType<PipelineDeps['verifyToken']>): ReturnType<PipelineDeps['verifyToken']> => {
    const sandboxId = verdict.kind === 'verified' ? verdict.caller.sandboxId : undefined
    const loading = sandboxId === undefined ? undefined : clock.load(sandboxId)
    return loading instanceof Promise ? loading.then(again) : verdict
  }
  return (token, expect) => {
    const again = (): ReturnType<PipelineDeps['verifyToken']> => verifyAccessToken(token, expect)
    const verdict = again()
    return whenSettled(verdict, (settled) => settle(settled, again))
  }
}

/** Notices may be lost between instances; what they told is read again now and then. */
function refreshShared (stores: Stores, shared: ReadonlyArray<() => Promise<void>>, metrics: Metrics): () => void {
  if (stores.driver === 'embedded') return () => {}
  const timer = setInterval(() => {
    for (const refresh of shared) refresh().catch(() => metrics.countFault('refresh'))
  }, REFRESH_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function together (...ends: ReadonlyArray<() => void>): () => void {
  return () => { for (const end of ends) end() }
}

async function openStores ({ stores, varDirectory, records }: Config, clock: Clock): Promise<Stores> {
  const retention = { maxAgeMs: records.retentionMs, maxPerStream: records.maximumPerSandbox }
  if (stores.driver === 'embedded') return openEmbeddedStores({ directory: varDirectory, clock, retention })
  return await openRedisStores({ ...stores.redis, url: stores.redis.url.reveal(), clock, retention })
}

function originsOf ({ listen }: Config): Origins {
  const origin = (port: number): string => `https://${listen.publicHost}${port === 443 ? '' : `:${port}`}`
  return { publicOrigin: origin(listen.public.port), mtlsOrigin: origin(listen.mtls.port), opsOrigin: `http://${listen.ops.host}:${listen.ops.port}` }
}

/** Where certificates point for revocation: a proxy in front may serve it elsewhere, without TLS (RFC 5280 §8). */
function pkiOriginOf ({ tls }: Config, { publicOrigin }: Origins): string {
  return tls.revocationOrigin === '' ? publicOrigin : tls.revocationOrigin
}

/** For what clients name: key sets, sector identifiers, logout and notification endpoints. A request of a client waits for it. */
const OUTBOUND_TIMEOUT_MS = 2500
const OUTBOUND_BYTES_MAX = 64 * 1024

interface AuthzParts {
  readonly config: Config
  readonly origins: Origins
  readonly stores: Stores
  readonly clock: Clock
  readonly material: Material
  readonly core: SandboxCore
  readonly passages: WeakMap<IncomingMessage, Passage>
  readonly noteFailure: ReturnType<typeof createFailureNotes>
  readonly lines: TokenLines
  readonly faults: Faults
}

async function openAuthz ({ config, origins, stores, clock, material, core, passages, noteFailure, lines, faults }: AuthzParts): Promise<AuthorizationServer> {
  const authz: AuthorizationServer = await createAuthorizationServer({
    issuer: config.profile.issuer === '' ? origins.publicOrigin : config.profile.issuer,
    mtlsOrigin: origins.mtlsOrigin,
    profile: { ...config.profile, brand: readBrand(config.profile.brand) },
    apis: config.apis.map(({ name, audience, scopes, tokenFormat }) => ({ name, audience, scopes: [scopes.read, scopes.write], tokenFormat })),
    keyValue: stores.keyValue,
    notices: stores.notices,
    clock,
    publicOrigin: origins.publicOrigin,
    signingKeys: material.signingKeys,
    rsaKeyBits: config.profile.rsaKeyBits,
    cookieKeys: material.cookieSecrets.map((secret) => secret.reveal()),
    certificateOf: (request) => passages.get(request)?.facts.certificate,
    tokenAgeAdvanceMs: core.clock.advancedSinceMs,
    outbound: createGuardedFetch({ ...config.webhooks, timeoutMs: OUTBOUND_TIMEOUT_MS, responseBytesMax: OUTBOUND_BYTES_MAX }),
    softwareStatementKeys: readKeySet(config.profile.softwareStatementJwksFile),
    isDpopNonceRequired: (sandboxId) => faults.isInForce(sandboxId, 'dpop_nonce_required'),
    takeAuthorizationFault: async (clientId) => faults.isEmpty() ? undefined : await takeAuthorizationFault(faults, await authz.sandboxOfClient(clientId), clientId),
    onFailure: (failure) => {
      const passage = passages.get(failure.request)
      if (passage !== undefined) noteFailure(passage, failure)
      const { clientId, explanation } = failure
      const token = explanation?.token
      if (clientId !== undefined && token !== undefined) void whenSettled(authz.sandboxOfClient(clientId), (sandboxId) => { if (sandboxId !== undefined) lines.noteRefused(sandboxId, token, explanation?.code ?? '', passage?.facts.requestId) })
    },
    tokenWatch: lines.watch,
    onNote: ({ request, code, detail, clientId }) => {
      const passage = passages.get(request)
      passage?.findings.push({ stage: 'dispatch', code, detail })
      // So that the note reaches the sandbox whose client it is about.
      if (passage !== undefined && passage.facts.claimedClientId === undefined && clientId !== undefined) Object.assign(passage, { claimedClientId: clientId })
    },
    onClientProven: (request, clientId) => {
      const passage = passages.get(request)
      if (passage !== undefined) passage.provenClientId = clientId
    },
  })
  return authz
}

interface FrontDoorParts {
  readonly config: Config
  readonly authority: Authority
  readonly extraAuthoritiesPem: readonly string[]
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}

async function openFrontDoor ({ config, authority, extraAuthoritiesPem, clock, metrics, logger }: FrontDoorParts): Promise<ReturnType<typeof createHttpApp> & { readonly server: ServerCertificate, readonly handshakes: Handshakes }> {
  const server = await openServerCertificate(config, authority, clock)
  const names = serverNamesOf(server.certificatePem)
  const handshakes = createHandshakes({ clock, doors: { minimumVersion: config.tls.minimumVersion, serverNames: () => names } })
  metrics.setCertificateExpiry('server', server.notAfterMs)
  const front = createHttpApp({
    ...server,
    clientAuthoritiesPem: await createNameTwins([authority.certificatePem, ...extraAuthoritiesPem]),
    minimumVersion: config.tls.minimumVersion,
    headerBytesMax: config.limits.headerBytesMax,
    bodyBytesMax: config.limits.bodyBytesMax,
    onHandshakeError: (failed) => {
      metrics.countHandshakeError(failed.door, failed.code)
      handshakes.add(failed)
      logger.debug(failed, 'handshake failed')
    },
    onMalformedRequest: (door, code) => {
      metrics.countRefusal('-', 'resolve-target', code)
      logger.info({ door, code, stage: 'resolve-target' }, 'request refused before it could be read')
    },
  })
  return { ...front, server, handshakes }
}

/** Names in a certificate (RFC 5280 §4.2.1.6), for telling a client which ones would have done. */
function serverNamesOf (certificatePem: string): readonly string[] {
  return (new X509Certificate(certificatePem).subjectAltName ?? '').split(', ').map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
}

function readExtraAuthorities (file: string): string[] {
  if (file === '') return []
  return readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

/** Public keys of a JSON Web Key Set in a file (RFC 7517 §5); none when no file is named. */
function readKeySet (file: string): readonly JWK[] {
  return file === '' ? [] : (JSON.parse(readFileSync(file, 'utf8')) as { readonly keys: readonly JWK[] }).keys
}
