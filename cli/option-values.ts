import { InvalidArgumentError } from 'commander'

/** A JSON object. @param example what one looks like, for the message */
export function readObject (text: string, example: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw new InvalidArgumentError(`It must be a JSON object, such as '${example}'.`)
}

/** A whole number of at most six digits. */
export function readCount (text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

/** Without the members that were not given. */
export function pickDefined (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
