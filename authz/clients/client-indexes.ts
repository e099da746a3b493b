import { X509Certificate } from 'node:crypto'
import { thumbprintOf } from '../../certs/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { originsOf } from './client-origins.ts'
import type { ClientRecord } from './client-record.ts'

/** One entry of an index: a space that holds the ids of the clients which share a fact. */
type Entry = string

/** The spaces of a certificate's and an origin's clients. */
export const certificateSpace = (thumbprint: string): Entry => `oauth-client-certificate:${thumbprint}`
export const originSpace = (origin: string): Entry => `oauth-client-origin:${origin}`

const SUBJECTS = 'oauth-client-subject'

/** Finds the client that was the first to be registered for a certificate's subject. */
export function findBySubjectDn (keyValue: KeyValue, subjectDn: string): MaybePromise<unknown> {
  return subjectDn === '' ? undefined : keyValue.get(SUBJECTS, subjectDn)
}

/** Brings the indexes from what a client was to what it is; `undefined` is a client that is not there. */
export async function moveIndexes (keyValue: KeyValue, former: ClientRecord | undefined, next: ClientRecord | undefined): Promise<void> {
  const clientId = (next ?? former)?.clientId ?? ''
  const [had, has] = [entriesOf(former), entriesOf(next)]
  for (const entry of has) if (!had.has(entry)) await keyValue.put(entry, clientId, true)
  for (const entry of had) if (!has.has(entry)) await keyValue.delete(entry, clientId)
  const [hadDn, hasDn] = [former?.tlsSubjectDn, next?.tlsSubjectDn]
  if (hadDn === hasDn) return
  if (hadDn !== undefined && await keyValue.get(SUBJECTS, hadDn) === clientId) await keyValue.delete(SUBJECTS, hadDn)
  if (hasDn !== undefined) await keyValue.putIfAbsent(SUBJECTS, hasDn, clientId)
}

function entriesOf (record: ClientRecord | undefined): Set<Entry> {
  if (record === undefined) return new Set()
  return new Set([...originsOf(record).map(originSpace), ...thumbprintsOf(record).map(certificateSpace)])
}

/** Only of clients that authenticate by them: no other client's key set opens the mutual-TLS door. */
function thumbprintsOf ({ authMethod, jwks }: ClientRecord): string[] {
  if (authMethod !== 'self_signed_tls_client_auth') return []
  return (jwks?.keys ?? []).flatMap(({ x5c }) => Array.isArray(x5c) && typeof x5c[0] === 'string' ? [thumbprintOf(new X509Certificate(Buffer.from(x5c[0], 'base64')).raw)] : [])
}
