import { inspect } from 'node:util'

/**
 * A value that must not be printed: it shows as `[secret]` in strings, JSON, templates and `console.log`.
 * `reveal()` is the only way out, so that a search for it lists every place a secret is used.
 */
export class Secret {
  readonly #value: string

  constructor (value: string) {
    this.#value = value
  }

  reveal (): string {
    return this.#value
  }

  toString (): string {
    return '[secret]'
  }

  toJSON (): string {
    return '[secret]'
  }

  [inspect.custom] (): string {
    return '[secret]'
  }
}
