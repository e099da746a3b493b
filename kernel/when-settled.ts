/**
 * Goes on with a value that may still be on its way: synchronously when it is there, because the hot path awaits nothing that it
 * need not.
 */
export function whenSettled<T, U> (value: T | Promise<T>, next: (settled: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
