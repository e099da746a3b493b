import { X509Certificate } from 'node:crypto'
import {
  AlternativeNameRefused, CertificateRequestRefused, KeysBusy, readAlternativeNames, readQualifiedStatement, toJwk, toPkcs12,
  type Authority, type KeySource, type KeyType, type NameClaims, type OrderedCertificate,
} from '../../certs/index.ts'
import { parseDurationMs, randomId, type Clock, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import { CreateCertificate, RenewCertificate, RevokeCertificate, type CreateCertificateBody, type RenewCertificateBody } from './certificate-body.ts'
import { explainWebsiteNames, keepWish, orderOf, readKeySource, readPaymentProvider, recallWish, RENEWABLE, type Wish } from './certificate-order.ts'
import type { CertificateRecord, IssuedCertificates } from './issued-certificates.ts'
import { developerRoute, done, NOT_FOUND, operatorRoute, readPage, refused, type ControlAnswer, type ControlRoute } from './route.ts'

/** What certificates are issued with. */
export interface CertificateRoutesDeps {
  readonly authority: Pick<Authority, 'issue' | 'issueUntrusted' | 'revoke' | 'findRevocation' | 'certificatePem'>
  readonly certificates: IssuedCertificates
  readonly names: NameClaims
  readonly clock: Clock
  readonly lifetimeMs: number
  readonly lifetimeMsMax: number
  /** Certificates that one sandbox has at once; those over since a day do not count. */
  readonly maximum: number
  readonly publicHost: string
  /** Stated in qualified certificates. */
  readonly disclosureUrl: string
}

/** A sandbox's certificates: made, shown, renewed, revoked. The private key is in the answer that made it and nowhere else. */
export function certificateRoutes (deps: CertificateRoutesDeps): readonly ControlRoute[] {
  const own = (handle: (record: CertificateRecord, sandboxId: SandboxId, body: unknown) => Promise<ControlAnswer> | ControlAnswer) =>
    async (sandboxId: SandboxId, { parameters, body }: { readonly parameters: Readonly<Record<string, string>>, readonly body: unknown }): Promise<ControlAnswer> => {
      const record = await deps.certificates.find(parameters['serial'] ?? '')
      return record === undefined || record.sandbox !== sandboxId ? NOT_FOUND : await handle(record, sandboxId, body)
    }
  return [
    developerRoute({ method: 'POST', path: '/sandbox/certificates', operationId: 'createCertificate', summary: 'Issues a certificate; a key that is made for you is shown this once.', body: CreateCertificate }, async (sandboxId, { body }) =>
      await explainRefusals(async () => await create(sandboxId, body, deps))),
    developerRoute({ method: 'GET', path: '/sandbox/certificates', operationId: 'listCertificates', summary: 'The sandbox\'s certificates, newest first; those over since a day are gone.' }, async (sandboxId, { query }) => {
      const { limit, before } = readPage(query)
      const all = await deps.certificates.list(sandboxId)
      const from = before === undefined ? 0 : all.findIndex(({ serial }) => serial === before) + 1
      const page = all.slice(from, from + limit)
      return done(200, { data: page.map((record) => summaryOf(record, deps)), next: from + limit < all.length ? page.at(-1)?.serial ?? null : null })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/certificates/{serial}', operationId: 'getCertificate', summary: 'One certificate, in PEM and as a JSON Web Key.' }, own((record) => done(200, { ...summaryOf(record, deps), ...publicFormsOf(record, deps) }))),
    developerRoute({ method: 'POST', path: '/sandbox/certificates/{serial}/renew', operationId: 'renewCertificate', summary: 'Issues the same again, with a new key or the key of its request.', body: RenewCertificate }, own(async (record, sandboxId, body) =>
      await explainRefusals(async () => await renew(record, sandboxId, body as RenewCertificateBody, deps)))),
    developerRoute({ method: 'POST', path: '/sandbox/certificates/{serial}/revoke', operationId: 'revokeOwnCertificate', summary: 'Revokes a certificate, at once and for ever.', body: RevokeCertificate }, own(async (record, _sandboxId, body) => {
      await revoke(record, (body as { readonly reason?: Parameters<typeof revoke>[1] }).reason, deps)
      return done(200, summaryOf(record, deps))
    })),
  ]
}

/** All sandboxes' certificates, for the operator. */
export function certificateOperatorRoutes (deps: Pick<CertificateRoutesDeps, 'authority' | 'certificates' | 'clock'>): readonly ControlRoute[] {
  return [
    operatorRoute({ method: 'GET', path: '/control/certificates', operationId: 'listAllCertificates', summary: 'Certificates of all sandboxes, by serial number.' }, async ({ query }) => {
      const { limit, before } = readPage(query)
      const page = await deps.certificates.listAll({ limit, ...(before === undefined ? {} : { after: before }) })
      return done(200, { data: page.map((record) => ({ ...summaryOf(record, deps), sandbox: record.sandbox })), next: page.length === limit ? page.at(-1)?.serial ?? null : null })
    }),
    operatorRoute({ method: 'POST', path: '/control/certificates/{serial}/revoke', operationId: 'revokeCertificate', summary: 'Revokes a certificate, at once; its sandbox cannot renew it.' }, async ({ parameters }) => {
      const record = await deps.certificates.find(parameters['serial'] ?? '')
      if (record === undefined) return NOT_FOUND
      await revoke(record, 'privilegeWithdrawn', deps)
      await deps.certificates.markRevokedByOperator(record)
      return done(200, { serial: record.serial, revoked: true })
    }),
  ]
}

async function create (sandboxId: SandboxId, body: CreateCertificateBody, deps: CertificateRoutesDeps): Promise<ControlAnswer> {
  const { kind = 'client' } = body
  const isQualified = kind === 'qwac' || kind === 'qseal'
  if (body.psd2 !== undefined && !isQualified) return refused('request_invalid', 'psd2 is for the kinds qwac and qseal.', ['/psd2'])
  const psd2 = isQualified ? readPaymentProvider(body.psd2 ?? {}) : undefined
  if (typeof psd2 === 'string') return refused('request_invalid', psd2, ['/psd2/organization_identifier'])
  const asked = readAlternativeNames((body.sans ?? []).map(({ type, value }) => ({ kind: type, value })))
  const names = kind === 'qwac' && asked.length === 0 ? [{ kind: 'dns', value: `${sandboxId.replaceAll('_', '-').toLowerCase()}.test` } as const] : asked
  const misfit = kind === 'qwac' ? explainWebsiteNames(names, deps.publicHost) : undefined
  if (misfit !== undefined) return refused('request_invalid', misfit, ['/sans'])
  const misuse = explainForm(body, body.csr === undefined)
  if (misuse !== undefined) return misuse
  const quota = await explainQuota(sandboxId, deps)
  if (quota !== undefined) return quota
  const [taken] = await deps.names.claim(sandboxId, names)
  if (taken !== undefined) return refused('certificate_name_taken', `The name ${taken.value} belongs to another sandbox.`, ['/sans'])
  const wish: Wish = { kind, sandboxId, organization: sandboxId, names, commonName: randomId('cert'), ...(psd2 === undefined ? {} : { psd2 }) }
  return await issue(wish, readKeySource(body.csr, body.key_type), body, deps)
}

async function renew (record: CertificateRecord, sandboxId: SandboxId, body: RenewCertificateBody, deps: CertificateRoutesDeps): Promise<ControlAnswer> {
  if (!RENEWABLE.has(record.kind) || record.order === null) return refused('certificate_not_renewable', `A certificate of the kind ${record.kind} is made to be refused; make another.`)
  if (record.revoked_by_operator) return refused('certificate_not_renewable', 'The operator revoked this certificate.')
  const isKeyKept = body.csr === undefined && body.key_type === undefined && record.key === 'request'
  const misuse = explainForm(body, body.csr === undefined && !isKeyKept)
  if (misuse !== undefined) return misuse
  const quota = await explainQuota(sandboxId, deps)
  if (quota !== undefined) return quota
  const key: KeySource = isKeyKept
    ? { kind: 'known', publicKeyDer: new X509Certificate(record.certificate).publicKey.export({ type: 'spki', format: 'der' }) }
    : readKeySource(body.csr, body.key_type ?? (record.key === 'request' ? undefined : record.key as KeyType))
  const answer = await issue(recallWish(record.order, record.kind, sandboxId), key, body, deps)
  if (body.revoke_previous === true && answer.kind === 'done') await revoke(record, 'superseded', deps)
  return answer
}

/** A form that needs a key, without one; a container without a password. */
function explainForm ({ format = 'pem', password, csr, key_type: keyType }: CreateCertificateBody, isKeyMade: boolean): ControlAnswer | undefined {
  if (csr !== undefined && keyType !== undefined) return refused('request_invalid', 'The key is in the request: leave out key_type, or csr.', ['/key_type'])
  if (format === 'pkcs12' && !isKeyMade) return refused('request_invalid', 'A PKCS #12 file holds the private key, which only its maker has: put it together there, with openssl pkcs12 -export.', ['/format'])
  if (format === 'pkcs12' && password === undefined) return refused('request_invalid', 'A PKCS #12 file needs a password of 8 to 128 characters.', ['/password'])
  if (format !== 'pkcs12' && password !== undefined) return refused('request_invalid', 'A password is for the format pkcs12.', ['/password'])
  return undefined
}

async function explainQuota (sandboxId: SandboxId, { certificates, maximum }: CertificateRoutesDeps): Promise<ControlAnswer | undefined> {
  if ((await certificates.list(sandboxId)).length < maximum) return undefined
  return refused('quota_exceeded', `A sandbox has at most ${maximum} certificates at once (sandboxes.certificates_maximum); those over since a day do not count.`)
}

async function issue (wish: Wish, key: KeySource, body: RenewCertificateBody, deps: CertificateRoutesDeps): Promise<ControlAnswer> {
  const lifetimeMs = body.lifetime === undefined ? deps.lifetimeMs : parseDurationMs(body.lifetime)
  if (lifetimeMs === undefined || lifetimeMs < 1000 || lifetimeMs > deps.lifetimeMsMax) return refused('request_invalid', `lifetime is a duration from 1s to ${Math.floor(deps.lifetimeMsMax / 3_600_000)}h, such as 24h or 7d (sandboxes.certificate_lifetime_maximum).`, ['/lifetime'])
  const order = orderOf(wish, key, lifetimeMs, deps.disclosureUrl)
  const issued: OrderedCertificate & { readonly issuerPem?: string } = wish.kind === 'untrusted_issuer' ? await deps.authority.issueUntrusted(order) : await deps.authority.issue(order)
  const record = await deps.certificates.remember(wish.sandboxId, {
    ...issued,
    kind: wish.kind,
    key: key.kind === 'made' ? key.type : 'request',
    order: keepWish(wish),
  })
  if (wish.kind === 'revoked') await revoke(record, undefined, deps)
  return done(201, { ...summaryOf(record, deps), ...publicFormsOf(record, deps), ...privateFormOf(record, issued.keyPem, body, deps) })
}

async function revoke (record: CertificateRecord, reason: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation' | 'privilegeWithdrawn' | undefined, { authority }: Pick<CertificateRoutesDeps, 'authority'>): Promise<void> {
  await authority.revoke(record.serial, { notAfterMs: Date.parse(record.not_after), ...(reason === undefined ? {} : { reason }) })
}

/** What was wrong with what a person sent, as an answer. */
async function explainRefusals (make: () => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof CertificateRequestRefused) return refused('request_invalid', error.message, ['/csr'])
    if (error instanceof AlternativeNameRefused) return refused('request_invalid', error.message, ['/sans'])
    if (error instanceof KeysBusy) return { kind: 'refused', refusal: { code: 'dependency_unavailable', publicDetail: error.message, internalDetail: error.message, retryAfterSeconds: 5 } }
    if (error instanceof RangeError) return refused('request_invalid', error.message)
    throw error
  }
}

function summaryOf (record: CertificateRecord, { authority, clock }: Pick<CertificateRoutesDeps, 'authority' | 'clock'>): JsonObject {
  const revocation = authority.findRevocation(record.serial)
  const nowMs = clock.nowMs()
  const byTime = nowMs < Date.parse(record.not_before) ? 'not_yet_valid' : nowMs >= Date.parse(record.not_after) + 1000 ? 'expired' : 'valid'
  const { serial, kind, subject, thumbprint, not_before: notBefore, not_after: notAfter, created_at: createdAt, key } = record
  return {
    serial,
    kind,
    status: revocation === undefined ? byTime : 'revoked',
    subject_dn: subject,
    'x5t#S256': thumbprint,
    key,
    sans: (record.order?.['names'] as ReadonlyArray<{ readonly kind: string, readonly value: string }> | undefined ?? []).map(({ kind: type, value }) => ({ type, value })),
    not_before: notBefore,
    not_after: notAfter,
    created_at: createdAt,
    ...(revocation === undefined ? {} : { revoked_at: new Date(revocation.revokedAtMs).toISOString(), revocation_reason: revocation.reason }),
  }
}

function publicFormsOf (record: CertificateRecord, { authority }: Pick<CertificateRoutesDeps, 'authority'>): JsonObject {
  const caPem = record.issuer ?? authority.certificatePem
  const qualified = readQualifiedStatement(new X509Certificate(record.certificate).raw)
  return {
    certificate: record.certificate,
    ca_certificate: caPem,
    jwk: toJwk({ certificatePem: record.certificate, caPem }) as unknown as JsonObject,
    ...(qualified === undefined ? {} : { qualified: { types: [...qualified.types], ...(qualified.psd2 === undefined ? {} : { roles: [...qualified.psd2.roles], nca_name: qualified.psd2.ncaName, nca_id: qualified.psd2.ncaId }) } }),
  }
}

function privateFormOf (record: CertificateRecord, keyPem: string | undefined, { format = 'pem', password = '', pkcs12_encryption: encryption = 'aes256' }: RenewCertificateBody, { authority }: CertificateRoutesDeps): JsonObject {
  if (keyPem === undefined) return {}
  const { certificate: certificatePem } = record
  const caPem = record.issuer ?? authority.certificatePem
  switch (format) {
    case 'pem': return { private_key: keyPem }
    case 'jwk': return { jwk: toJwk({ certificatePem, caPem, keyPem }) as unknown as JsonObject }
    case 'pkcs12': return { pkcs12: toPkcs12({ certificatePem, caPem, keyPem, password, encryption }).toString('base64') }
  }
}
