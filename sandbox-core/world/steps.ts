import type { MaybePromise } from '../../stores/index.ts'

/**
 * Work that waits for stores only where a store makes it wait: with the embedded driver a whole request runs in one
 * synchronous turn, with Redis the same code awaits.
 */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>

/** Runs steps to their end: plainly when nothing had to be awaited, else as a promise. */
export function runSteps<T> (steps: Steps<T>): MaybePromise<T> {
  const first = steps.next()
  return first.done === true ? first.value : continueSteps(steps, first.value)
}

async function continueSteps<T> (steps: Steps<T>, pending: PromiseLike<unknown>): Promise<T> {
  let waitsFor = pending
  for (;;) {
    let result: IteratorResult<PromiseLike<unknown>, T>
    try {
      const value = await waitsFor
      result = steps.next(value)
    } catch (error) {
      result = steps.throw(error)
    }
    if (result.done === true) return result.value
    waitsFor = result.value
  }
}

/** The value of an answer that may be a promise: `const found = yield* settle(layers.get(…))`. */
export function * settle<T> (answer: MaybePromise<T>): Steps<T> {
  return isPromise(answer) ? (yield answer) as T : answer
}

/** True for a promise, false for a plain answer. */
export function isPromise<T> (answer: MaybePromise<T>): answer is Promise<T> {
  return typeof answer === 'object' && answer !== null && typeof (answer as { then?: unknown }).then === 'function'
}
