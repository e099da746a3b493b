import type { Static } from 'typebox'
import type { Secret } from '../kernel/index.ts'
import type { ConfigSchema } from './schema/config.ts'
import type { DurationText, SecretText } from './schema/fields.ts'

/**
 * The configuration as the code reads it: deeply frozen, names in camelCase, durations in milliseconds under names that end
 * in `Ms`, secrets as `Secret`, file paths absolute (an empty path stays empty), the issuer filled in.
 */
export type Config = Translated<Static<typeof ConfigSchema>>

/** One sandboxed API: `kind: 'core'` or `kind: 'upstream'`. */
export type ApiConfig = Config['apis'][number]

/** One limit's plan. */
export type LimitPlanConfig = Config['limits']['address']

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : S

type TranslatedName<K, V> = K extends string
  ? V extends DurationText | readonly DurationText[] ? `${CamelCase<K>}Ms` : CamelCase<K>
  : never

/** What a value of the YAML file becomes: see `Config`. */
export type Translated<T> =
  T extends DurationText ? number
    : T extends SecretText ? Secret
      : T extends readonly (infer Item)[] ? readonly Translated<Item>[]
        : T extends object ? { readonly [K in keyof T as TranslatedName<K, T[K]>]: Translated<T[K]> }
          : T
