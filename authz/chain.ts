import type { MaybePromise } from '../stores/ports.ts'

/** Applies `next` to a value that may still be on its way; stays synchronous when it is not, because the hot path awaits nothing that it need not. */
export function chain<T, U> (value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
