import Type, { type Static } from 'typebox'
import { Check } from 'typebox/value'
import type { Json } from '../../kernel/index.ts'
import type { Observations } from './compare/compare-observations.ts'
import type { Observation } from './probe/probe.ts'
import { parseJson } from './probe/shape-value.ts'

const FORMAT = 'sandgate-parity-recording'
const BYTES_MAX = 8_388_608

const RecordingSchema = Type.Object({
  format: Type.Literal(FORMAT),
  version: Type.Literal(1),
  issuer: Type.String({ maxLength: 2000 }),
  recorded_at: Type.String({ maxLength: 40 }),
  capabilities: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 2000 }),
  observations: Type.Record(Type.String({ pattern: '^[a-z0-9_]{1,80}$' }), Type.Record(Type.String({ pattern: '^[a-z_]+\\..{1,200}$' }), Type.Unknown(), { additionalProperties: false }), { additionalProperties: false }),
}, { additionalProperties: false })

/** What a server answered, once and for later: shapes and names of its answers, and nothing that was secret in them. */
export interface Recording {
  readonly issuer: string
  /** RFC 3339. */
  readonly recordedAt: string
  readonly capabilities: ReadonlySet<string>
  readonly observations: Observations
}

/** Writes a recording, sorted so that two of them can be read side by side. */
export function writeRecording ({ issuer, recordedAt, capabilities, observations }: Recording): string {
  const seen = [...observations].flatMap(([id, observation]) => observation.kind === 'seen' ? [[id, sortMembers(observation.facts)] as const] : [])
  const recording: Static<typeof RecordingSchema> = {
    format: FORMAT, version: 1, issuer, recorded_at: recordedAt, capabilities: [...capabilities].sort(), observations: Object.fromEntries(seen),
  }
  return `${JSON.stringify(recording, null, 2)}\n`
}

/** Reads a recording; text when it is none, saying why. */
export function readRecording (text: string): Recording | string {
  if (text.length > BYTES_MAX) return `it is larger than ${BYTES_MAX} characters`
  const value = parseJson(text)
  if (value === undefined) return 'it is no JSON'
  const format = (value as { readonly format?: Json } | null)?.format
  if (format !== FORMAT) return 'it is no recording: `sandgate parity record` makes one'
  if (!Check(RecordingSchema, value)) return 'it is a recording of another version, or was changed'
  return {
    issuer: value.issuer,
    recordedAt: value.recorded_at,
    capabilities: new Set(value.capabilities),
    observations: new Map(Object.entries(value.observations).map(([id, facts]): [string, Observation] => [id, { kind: 'seen', facts: facts as Readonly<Record<string, Json>> }])),
  }
}

function sortMembers (facts: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(facts).sort(([a], [b]) => a < b ? -1 : 1))
}
