import Type, { type Static, type TObject, type TProperties, type TSchema, type TUnsafe } from 'typebox'

declare const meaning: unique symbol
/** Text of a duration, `30s`; in `Config` it becomes milliseconds under a name that ends in `Ms`. */
export type DurationText = string & { readonly [meaning]: 'duration' }
/** Text of a secret; in `Config` it becomes a `Secret`. */
export type SecretText = string & { readonly [meaning]: 'secret' }

/** What a text means beyond its JSON type: the loader checks it, and turns durations, secrets and paths into their form. */
export type Meaning = 'duration' | 'secret' | 'file' | 'directory' | 'working-directory' | 'cidr' | 'host' | 'url' | 'issuer' | 'origin' | 'redirect-uri' | 'path' | 'pointer-pattern' | 'scope' | 'header-name' | 'card-number'

/** What every key states. A key without `default` must be given. */
export interface Field<T> {
  readonly description: string
  readonly default?: T
  readonly unit?: string
}

interface Range {
  readonly minimum?: number
  readonly maximum?: number
}

/** The longest delay that a Node.js timer keeps; a longer one would fire at once. */
const TIMER_MAX_MS = 2_147_483_647

/** An object of known keys; its default is made of theirs. */
export function section<P extends TProperties> (description: string, properties: P): TObject<P> {
  return Type.Object(properties, { description, additionalProperties: false })
}

/** One of a few words. */
export function choice<const V extends string> (values: readonly V[], field: Field<V>): TUnsafe<V> {
  return Type.Unsafe<V>({ type: 'string', enum: [...values], ...field })
}

/** `true` or `false`. */
export function flag (field: Field<boolean>): TUnsafe<boolean> {
  return Type.Unsafe<boolean>({ type: 'boolean', ...field })
}

/** A whole number in a range. */
export function count (field: Field<number> & Range): TUnsafe<number> {
  const { unit, ...rest } = field
  return Type.Unsafe<number>({ type: 'integer', ...rest, ...(unit === undefined ? {} : { 'x-unit': unit }) })
}

/** A TCP port; 0 takes any free one, which is for tests. */
export function port (value: number): TUnsafe<number> {
  return count({ description: 'TCP port; 0 takes any free one.', default: value, minimum: 0, maximum: 65535 })
}

interface TextField extends Field<string> {
  readonly means?: Meaning
  readonly pattern?: string
  /** The pattern in words, for problems: `a colour as #rrggbb`. */
  readonly shape?: string
  readonly minLength?: number
  readonly maxLength?: number
}

/** Free text, text of a pattern, or text with a meaning that the loader checks. */
export function text (field: TextField): TUnsafe<string> {
  const { means, shape, ...rest } = field
  return Type.Unsafe<string>({ type: 'string', ...rest, ...(means === undefined ? {} : { 'x-means': means }), ...(shape === undefined ? {} : { 'x-shape': shape }) })
}

/**
 * A duration: an integer and a unit. At least 1ms unless `minimumMs` says otherwise; `isTimer` keeps it within what one
 * timer of the runtime can wait (24 days).
 */
export function duration (field: { readonly description: string, readonly default?: string, readonly minimumMs?: number, readonly isTimer?: true }): TUnsafe<DurationText> {
  const { minimumMs = 1, isTimer, ...rest } = field
  return Type.Unsafe<DurationText>({
    type: 'string',
    pattern: '^\\d{1,12}(ms|s|m|h|d)$',
    'x-means': 'duration',
    'x-minimum-ms': minimumMs,
    ...(isTimer === true ? { 'x-maximum-ms': TIMER_MAX_MS } : {}),
    ...rest
  })
}

/** A secret; empty where the default is empty, otherwise of at least `minLength` characters. */
export function secret (field: Field<string> & { readonly minLength?: number }): TUnsafe<SecretText> {
  const { minLength, ...rest } = field
  return Type.Unsafe<SecretText>({ type: 'string', 'x-means': 'secret', ...(minLength === undefined ? {} : { 'x-minimum-length': minLength }), ...rest })
}

/** A list of one kind of thing; no value twice when `isSet`. */
export function list<I extends TSchema> (items: I, field: { readonly description: string, readonly default?: readonly unknown[], readonly isSet?: true, readonly minItems?: number, readonly maxItems?: number }): TUnsafe<Static<I>[]> {
  const { isSet, ...rest } = field
  return Type.Unsafe<Static<I>[]>({ type: 'array', items, ...(isSet === true ? { uniqueItems: true } : {}), ...rest })
}
