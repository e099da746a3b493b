import type { Json } from '../../../kernel/index.ts'
import { showValue, stripControls } from '../report/show-value.ts'
import type { ImportedProfile } from './import-profile.ts'
import { writeFragment, writeValue } from './write-fragment.ts'

/** What an import came to, as tables for a terminal. */
export function renderImport (profile: ImportedProfile): string {
  const { issuer, settings, unreproduced, questions, transport, notes } = profile
  return stripControls([
    `${issuer === '' ? 'A server without an issuer' : issuer}: ${count(settings.length, 'key')} imported, ${unreproduced.length} not reproduced, ${questions.length} to fill in`,
    ...table('Imported', settings.map(({ path, value, member, note }) => [path, showValue(writeValue(value)), note === '' ? member : `${member}: ${note}`])),
    ...table('Not reproduced', unreproduced.map(({ member, value, why }) => [member, showValue(value), why])),
    ...table('To fill in', questions.map(({ path, how }) => [path, how])),
    ...table('TLS, as seen', transport.map(({ host, versions, cipher, key, asksForCertificate }) => [host, versions.join(', ') || 'no handshake', `${cipher} ${key}`.trim(), asksForCertificate ? 'asks for a certificate' : 'asks for no certificate'])),
    ...(notes.length === 0 ? [] : ['', 'Notes', ...notes.map((note) => `  ${note}`)]),
  ].join('\n'))
}

/** The same for programs; `yaml` is what goes into sandgate.yaml. */
export function renderImportJson (profile: ImportedProfile): string {
  const { issuer, settings, unreproduced, questions, transport, notes } = profile
  return JSON.stringify({
    issuer,
    settings: settings.map(({ path, value, member, note }) => ({ path, value, member, note })),
    not_reproduced: unreproduced.map(({ member, value, why }) => ({ member, value, why })),
    to_fill_in: questions.map(({ path, how }) => ({ path, how })),
    tls: transport.map(({ member, host, versions, cipher, key, asksForCertificate }) => ({ member, host, versions, cipher, key, asks_for_certificate: asksForCertificate })),
    notes,
    yaml: writeFragment(profile),
  } satisfies Json, null, 2)
}

const CELL_MAX = 64

/** Columns as wide as their widest cell; the last one takes what it needs. */
function table (heading: string, rows: ReadonlyArray<readonly string[]>): string[] {
  if (rows.length === 0) return []
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, at) => Math.min(CELL_MAX, Math.max(...rows.map((row) => (row[at] ?? '').length))))
  return ['', heading, ...rows.map((row) => `  ${row.map((cell, at) => at === row.length - 1 ? cell : fit(cell, widths[at] ?? 0)).join('  ')}`)]
}

function fit (text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)
}

function count (amount: number, word: string): string {
  return `${amount} ${word}${amount === 1 ? '' : 's'}`
}
