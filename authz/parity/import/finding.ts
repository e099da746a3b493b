import type { Json } from '../../../kernel/index.ts'

/** A key of sandgate.yaml whose value follows from production's metadata. */
export interface ImportedSetting {
  readonly kind: 'setting'
  /** `profile.paths.token`. */
  readonly path: string
  readonly value: Json
  /** The metadata member it came from, `jwks` or `tls`. */
  readonly member: string
  /** What to know of how it was derived; empty when the member says it as it is. */
  readonly note: string
  /** False: it follows from a member that is not there, so that it is only worth writing where it differs from the default. */
  readonly isStated: boolean
}

/** Something of production that the sandbox will not have, or will have otherwise. */
export interface Unreproduced {
  readonly kind: 'unreproduced'
  readonly member: string
  /** As production has it; `null`: production does not have it. */
  readonly value: Json
  readonly why: string
}

/** A key that production's metadata do not tell. */
export interface OpenQuestion {
  readonly kind: 'question'
  readonly path: string
  /** How to find it out. */
  readonly how: string
}

export type Finding = ImportedSetting | Unreproduced | OpenQuestion

/** Production says so. */
export function stated (path: string, value: Json, member: string, note = ''): ImportedSetting {
  return { kind: 'setting', path, value, member, note, isStated: true }
}

/** Production does not say so, and what it leaves out means this. */
export function implied (path: string, value: Json, member: string, note: string): ImportedSetting {
  return { kind: 'setting', path, value, member, note, isStated: false }
}

export function cannot (member: string, value: Json, why: string): Unreproduced {
  return { kind: 'unreproduced', member, value, why }
}

export function ask (path: string, how: string): OpenQuestion {
  return { kind: 'question', path, how }
}
