import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '../../../kernel/index.ts'
import type { Finding, ImportedSetting, OpenQuestion, Unreproduced } from './finding.ts'
import { importAlgorithms } from './import-algorithms.ts'
import { importAnswers } from './import-answers.ts'
import { importClients } from './import-clients.ts'
import { importPaths } from './import-paths.ts'
import { importRequests } from './import-requests.ts'
import { importTransport } from './import-transport.ts'
import { listRest } from './list-rest.ts'
import { settle } from './settle.ts'
import { readMembers, type ImportSource, type ProfileRules, type SeenTransport } from './source.ts'

/** What was read of production. */
export interface Production {
  /** Its metadata: the documents of OpenID Connect Discovery and RFC 8414, merged. */
  readonly metadata: JsonObject
  /** The keys of its JWKS; empty where it was not read. */
  readonly keys: readonly JsonObject[]
  readonly transport: readonly SeenTransport[]
  /** What was noticed while reading, for people. */
  readonly notes: readonly string[]
}

export interface ImportedProfile {
  readonly issuer: string
  /** Keys to write: those that production states, and those that differ from the default. */
  readonly settings: readonly ImportedSetting[]
  readonly unreproduced: readonly Unreproduced[]
  readonly questions: readonly OpenQuestion[]
  readonly transport: readonly SeenTransport[]
  readonly notes: readonly string[]
}

const IMPORTERS: ReadonlyArray<(source: ImportSource) => Finding[]> = [importPaths, importAlgorithms, importClients, importRequests, importAnswers, importTransport, listRest]

/**
 * Turns what production says of itself into keys of sandgate.yaml, and lists what a sandbox will not have of it and what
 * nobody can know from outside. Any document gives a result, and its keys always load.
 */
export function importProfile (production: Production, rules: ProfileRules): ImportedProfile {
  const metadata = readMembers(production.metadata)
  const source: ImportSource = { metadata, rules, keys: production.keys, transport: production.transport }
  const findings = IMPORTERS.flatMap((run) => run(source))
  const { settings, refused } = settle(findings.filter((finding) => finding.kind === 'setting').filter((setting) => isWorthWriting(setting, rules)), rules)
  const questions = findings.filter((finding) => finding.kind === 'question')
  return {
    issuer: metadata.text('issuer') ?? '',
    settings,
    unreproduced: [...findings.filter((finding) => finding.kind === 'unreproduced'), ...refused],
    questions: questions.filter(({ path, how }, index) => questions.findIndex((other) => other.path === path && other.how === how) === index),
    transport: production.transport,
    notes: production.notes,
  }
}

function isWorthWriting ({ path, value, isStated }: ImportedSetting, { defaultAt }: ProfileRules): boolean {
  const fallback = defaultAt(path)
  return isStated || !isDeepStrictEqual(sorted(fallback), sorted(value))
}

/** Lists of the profile are sets. */
function sorted (value: unknown): unknown {
  return Array.isArray(value) ? [...value as readonly unknown[]].sort() : value
}
