import { readFileSync } from 'node:fs'
import { createListedRevocations, readRevocationLists, RevocationListRefused, type ListedRevocations, type RevocationListFile } from '../../certs/index.ts'
import type { Clock } from '../../kernel/index.ts'
import { fingerprintOf, pollEveryTwoSeconds, type Schedule } from './watch-files.ts'

export interface ClientRevocationListsDeps {
  readonly files: readonly string[]
  readonly clock: Clock
  /** Told once for each cause. */
  readonly onProblem: (message: string) => void
  readonly schedule?: Schedule
}

export interface ClientRevocationLists {
  readonly listed: ListedRevocations
  readonly reload: () => void
  readonly close: () => void
}

interface ReadFile { readonly lists: readonly RevocationListFile[], readonly fingerprint: string }

/**
 * Reads the revocation lists of a customer's authorities and reads each again when it changes, so that what is revoked there
 * is refused at the door within two seconds. A file that cannot be used later is told, and what it said before stays; so does
 * a list beyond its next update.
 *
 * @throws RevocationListRefused when a file cannot be used at the start
 */
export function openClientRevocationLists ({ files, clock, onProblem, schedule = pollEveryTwoSeconds }: ClientRevocationListsDeps): ClientRevocationLists {
  const listed = createListedRevocations()
  const told = new Set<string>()
  const tell = (message: string): void => {
    if (!told.has(message)) onProblem(message)
    told.add(message)
  }
  let current = new Map(files.map((file) => [file, read(file)]))
  const apply = (): void => listed.replace([...current.values()].flatMap(({ lists }) => lists))
  const reload = (): void => {
    const next = new Map([...current].map(([file, known]) => [file, readChanged(file, known, tell)]))
    const hasChanged = [...next].some(([file, now]) => now.lists !== current.get(file)?.lists)
    current = next
    if (hasChanged) apply()
    for (const [file, { lists }] of current) for (const list of lists) if (isStale(list, clock)) tell(`${file}: the list of ${list.issuerDn} was due for renewal at ${new Date(list.nextUpdateMs ?? 0).toISOString()}; what it names stays revoked`)
  }
  apply()
  return { listed, reload, close: files.length === 0 ? () => {} : schedule(reload) }
}

function read (file: string): ReadFile {
  const fingerprint = fingerprintOf([file])
  try {
    return { lists: readRevocationLists(readFileSync(file)), fingerprint }
  } catch (cause) {
    throw new RevocationListRefused(`${file} cannot be used as a revocation list (tls.client_crl_files): ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function readChanged (file: string, known: ReadFile, tell: (message: string) => void): ReadFile {
  const fingerprint = fingerprintOf([file])
  if (fingerprint === known.fingerprint) return known
  try {
    return read(file)
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
    return known
  }
}

function isStale ({ nextUpdateMs }: RevocationListFile, clock: Clock): boolean {
  return nextUpdateMs !== undefined && clock.nowMs() > nextUpdateMs
}
