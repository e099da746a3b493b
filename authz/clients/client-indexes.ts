import { X509Certificate } from 'node:crypto'
import { thumbprintOf } from '../../certs/index.ts'
import { whenSettled } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { originsOf } from './client-origins.ts'
import type { ClientRecord } from './client-record.ts'

/** A fact that clients share, and by which they are looked for: a certificate's thumbprint, an origin. */
interface Entry { readonly index: 'certificate' | 'origin', readonly value: string }

/** True when some client has it. One look into the store: a mark stands for all of the members. */
export function isIndexed (keyValue: KeyValue, { index, value }: Entry): MaybePromise<boolean> {
  return whenSettled(keyValue.get(markSpace(index), value), (mark) => mark !== undefined)
}

const markSpace = (index: Entry['index']): string => `oauth-client-${index}`
const memberSpace = ({ index, value }: Entry): string => `oauth-client-${index}:${value}`

async function add (keyValue: KeyValue, entry: Entry, clientId: string): Promise<void> {
  await keyValue.put(memberSpace(entry), clientId, true)
  await keyValue.put(markSpace(entry.index), entry.value, true)
}

/** The mark goes with the last member; whoever became a member meanwhile finds it put back. */
async function remove (keyValue: KeyValue, entry: Entry, clientId: string): Promise<void> {
  const isEmpty = async (): Promise<boolean> => (await keyValue.list(memberSpace(entry), { limit: 1 })).length === 0
  await keyValue.delete(memberSpace(entry), clientId)
  if (!await isEmpty()) return
  await keyValue.delete(markSpace(entry.index), entry.value)
  if (!await isEmpty()) await keyValue.put(markSpace(entry.index), entry.value, true)
}

const SUBJECTS = 'oauth-client-subject'

/** Finds the client that was the first to be registered for a certificate's subject. */
export function findBySubjectDn (keyValue: KeyValue, subjectDn: string): MaybePromise<unknown> {
  return subjectDn === '' ? undefined : keyValue.get(SUBJECTS, subjectDn)
}

/** Brings the indexes from what a client was to what it is; `undefined` is a client that is not there. */
export async function moveIndexes (keyValue: KeyValue, former: ClientRecord | undefined, next: ClientRecord | undefined): Promise<void> {
  const clientId = (next ?? former)?.clientId ?? ''
  const [had, has] = [entriesOf(former), entriesOf(next)]
  const isIn = (entries: readonly Entry[]) => ({ index, value }: Entry): boolean => entries.some((other) => other.index === index && other.value === value)
  for (const entry of has.filter((one) => !isIn(had)(one))) await add(keyValue, entry, clientId)
  for (const entry of had.filter((one) => !isIn(has)(one))) await remove(keyValue, entry, clientId)
  const [hadDn, hasDn] = [former?.tlsSubjectDn, next?.tlsSubjectDn]
  if (hadDn === hasDn) return
  if (hadDn !== undefined && await keyValue.get(SUBJECTS, hadDn) === clientId) await keyValue.delete(SUBJECTS, hadDn)
  if (hasDn !== undefined) await keyValue.putIfAbsent(SUBJECTS, hasDn, clientId)
}

function entriesOf (record: ClientRecord | undefined): readonly Entry[] {
  if (record === undefined) return []
  return [
    ...originsOf(record).map((value) => ({ index: 'origin' as const, value })),
    ...[...new Set(thumbprintsOf(record))].map((value) => ({ index: 'certificate' as const, value })),
  ]
}

/** Only of clients that authenticate by them: no other client's key set opens the mutual-TLS door. */
function thumbprintsOf ({ authMethod, jwks }: ClientRecord): string[] {
  if (authMethod !== 'self_signed_tls_client_auth') return []
  return (jwks?.keys ?? []).flatMap(({ x5c }) => Array.isArray(x5c) && typeof x5c[0] === 'string' ? [thumbprintOf(new X509Certificate(Buffer.from(x5c[0], 'base64')).raw)] : [])
}
