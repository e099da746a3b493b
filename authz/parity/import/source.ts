import type { Json, JsonObject } from '../../../kernel/index.ts'
import { cannot, type Finding } from './finding.ts'

/** What the configuration accepts; told by whoever knows it, because this folder does not. */
export interface ProfileRules {
  /** The words that a key, or an entry of its list, may be; empty where any text goes. */
  readonly allowedAt: (path: string) => readonly string[]
  readonly defaultAt: (path: string) => Json | undefined
  /** Why a configuration with these keys, and the defaults for all others, would be refused; empty: it loads. */
  readonly judge: (settings: ReadonlyArray<{ readonly path: string, readonly value: Json }>) => readonly Refusal[]
}

/** One key that the configuration refuses, `profile.paths.jwks` or `profile.grants[0]`. */
export interface Refusal { readonly path: string, readonly why: string }

/** What a connection to production showed. */
export interface SeenTransport {
  /** The member whose address was connected to. */
  readonly member: string
  readonly host: string
  /** `TLSv1.2`, oldest first; empty: no handshake came about. */
  readonly versions: readonly string[]
  readonly cipher: string
  readonly key: string
  readonly asksForCertificate: boolean
}

/** Everything that an import is made of. */
export interface ImportSource {
  readonly metadata: Metadata
  readonly keys: readonly JsonObject[]
  readonly transport: readonly SeenTransport[]
  readonly rules: ProfileRules
}

/** A metadata document, read with the tolerance that real ones need. */
export interface Metadata {
  readonly document: JsonObject
  readonly has: (member: string) => boolean
  readonly text: (member: string) => string | undefined
  readonly flag: (member: string) => boolean | undefined
  /** The texts of a list, each once; a single text counts as a list of one. Undefined where the member is missing or is something else. */
  readonly list: (member: string) => readonly string[] | undefined
}

const ITEMS_MAX = 500

/** Reads a metadata document (RFC 8414 §2, OpenID Connect Discovery §3). A member that is `null` counts as missing. */
export function readMembers (document: JsonObject): Metadata {
  const own = (member: string): Json | undefined => Object.hasOwn(document, member) ? document[member] ?? undefined : undefined
  return {
    document,
    has: (member) => own(member) !== undefined,
    text: (member) => textOf(own(member)),
    flag: (member) => {
      const value = own(member)
      return typeof value === 'boolean' ? value : undefined
    },
    list: (member) => {
      const value = own(member)
      if (typeof value === 'string') return [value]
      return Array.isArray(value) ? [...new Set((value as readonly Json[]).slice(0, ITEMS_MAX).filter((item) => typeof item === 'string'))] : undefined
    },
  }
}

function textOf (value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** One finding for the entries of a list that are not reproduced, none when there are none. */
export function cannotAll (member: string, values: readonly string[], why: string): Finding[] {
  return values.length === 0 ? [] : [cannot(member, values, why)]
}
