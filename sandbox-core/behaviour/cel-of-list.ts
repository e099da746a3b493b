import type { JsonObject } from '../../kernel/index.ts'
import type { CelValue } from './cel-values.ts'

/** Flat objects as CEL values, whole numbers as ints: for lists that no schema types. */
export function createCelOfList (list: readonly JsonObject[]): CelValue {
  return list.map(item => Object.fromEntries(Object.entries(item).map(([key, value]) => [key, typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value as CelValue])))
}
