import { X509Certificate } from 'node:crypto'
import { thumbprintOf } from '../../certs/index.ts'
import { isJsonObject, type Clock, type Json, type JsonObject } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/index.ts'

/** What `POST /sandbox/certificates` makes: what works, and what a client must be able to be refused with. */
export const certificateKinds = ['client', 'qwac', 'qseal', 'expired', 'not_yet_valid', 'revoked', 'wrong_eku', 'untrusted_issuer'] as const

export type CertificateKind = typeof certificateKinds[number]

/** A certificate that was issued, as it is kept: nothing of its private key. */
export interface CertificateRecord extends JsonObject {
  readonly serial: string
  readonly sandbox: string
  readonly kind: CertificateKind
  readonly subject: string
  readonly thumbprint: string
  readonly not_before: string
  readonly not_after: string
  readonly created_at: string
  /** PEM. */
  readonly certificate: string
  /** PEM of the issuer, where it is not the installation's authority. */
  readonly issuer: string | null
  /** How the key came to be: made here, in which form it stays with its holder, or by a request. */
  readonly key: string
  /** What a renewal needs to ask for the same again; null where there is none. */
  readonly order: JsonObject | null
  /** Set when the operator revoked it: then it cannot be renewed. */
  readonly revoked_by_operator: boolean
}

/** What is remembered with a certificate. */
export interface NewRecord {
  readonly kind: CertificateKind
  readonly certificatePem: string
  readonly serial: string
  readonly subjectDn: string
  readonly issuerPem?: string
  readonly key: string
  readonly order?: JsonObject
}

export interface IssuedCertificates {
  readonly remember: (sandboxId: string, issued: NewRecord) => Promise<CertificateRecord>
  /** Newest first; all that are kept. */
  readonly list: (sandboxId: string) => Promise<readonly CertificateRecord[]>
  readonly find: (serial: string) => Promise<CertificateRecord | undefined>
  readonly markRevokedByOperator: (record: CertificateRecord) => Promise<void>
  /** Of all sandboxes, in order of their serial numbers. */
  readonly listAll: (page: { readonly after?: string, readonly limit: number }) => Promise<readonly CertificateRecord[]>
}

const SPACE = 'certificate'
const BY_SANDBOX = 'certificate-of-sandbox'
const LIST_MAX = 1000
/** A certificate that is over can be looked at for a day, and its serial number is known to OCSP as long. */
const KEPT_AFTER_END_MS = 86_400_000

/** Keeps what was issued, by serial number and by sandbox. */
export function createIssuedCertificates ({ keyValue, clock }: { readonly keyValue: KeyValue, readonly clock: Clock }): IssuedCertificates {
  const put = async (record: CertificateRecord): Promise<void> => {
    const ttlMs = Math.max(0, Date.parse(record.not_after) - clock.nowMs()) + KEPT_AFTER_END_MS
    await keyValue.put(SPACE, record.serial, record, { ttlMs })
    await keyValue.put(BY_SANDBOX, `${record.sandbox}/${record.serial}`, record, { ttlMs })
  }
  return {
    remember: async (sandboxId, issued) => {
      const record = describe(sandboxId, issued, clock.nowMs())
      await put(record)
      return record
    },
    list: async (sandboxId) => {
      const prefix = `${sandboxId}/`
      const entries = await keyValue.list(BY_SANDBOX, { after: prefix, limit: LIST_MAX })
      return entries.filter(({ key }) => key.startsWith(prefix)).map(({ value }) => value).filter(isRecord).sort((a, b) => a.created_at < b.created_at ? 1 : -1)
    },
    find: async (serial) => {
      const value = await keyValue.get(SPACE, serial.toLowerCase())
      return value !== undefined && isRecord(value) ? value : undefined
    },
    markRevokedByOperator: async (record) => await put({ ...record, revoked_by_operator: true }),
    listAll: async (page) => (await keyValue.list(SPACE, page)).map(({ value }) => value).filter(isRecord),
  }
}

function describe (sandboxId: string, { kind, certificatePem, serial, subjectDn, issuerPem, key, order }: NewRecord, nowMs: number): CertificateRecord {
  const x509 = new X509Certificate(certificatePem)
  return {
    serial,
    sandbox: sandboxId,
    kind,
    subject: subjectDn,
    thumbprint: thumbprintOf(x509.raw),
    not_before: x509.validFromDate.toISOString(),
    not_after: x509.validToDate.toISOString(),
    created_at: new Date(nowMs).toISOString(),
    certificate: certificatePem,
    issuer: issuerPem ?? null,
    key,
    order: order ?? null,
    revoked_by_operator: false,
  }
}

/** Earlier versions kept less; such an entry cannot be shown. */
function isRecord (value: Json): value is CertificateRecord {
  return isJsonObject(value) && typeof value['certificate'] === 'string' && typeof value['created_at'] === 'string'
}
