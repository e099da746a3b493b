import type { MaybePromise } from '../../stores/index.ts'

/** Waits for a list, not at all when nothing in it is a promise. */
export function allOf<T> (values: ReadonlyArray<MaybePromise<T>>): MaybePromise<readonly T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : values as readonly T[]
}

/** Runs a store's call; what it throws or rejects with becomes a value. */
export function attempt<T> (call: () => MaybePromise<T>): MaybePromise<T | Fault> {
  try {
    const value = call()
    return value instanceof Promise ? value.catch(toFault) : value
  } catch (error) {
    return toFault(error)
  }
}

/** Something that threw. */
export class Fault {
  readonly detail: string

  constructor (detail: string) {
    this.detail = detail
  }
}

/** The error's own words, without the excerpt of source that the expression engine appends. */
export function toFault (error: unknown): Fault {
  const { summary, message } = error as { summary?: string, message?: string }
  return new Fault(summary ?? message ?? String(error))
}
