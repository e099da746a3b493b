/** Goes on with a value that may be there at once: synchronously then, because the hot path awaits nothing that it need not. */
export function whenSettled<T, R> (value: T | Promise<T>, next: (settled: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
