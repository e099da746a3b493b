import { Name } from './x509.ts'

/** Upper bounds of RFC 5280 appendix A.1: ub-common-name and ub-organization-name, in characters. */
const LENGTH_MAX = 64

/**
 * The Name of a subject (RFC 5280 §4.1.2.6) with a common name and perhaps an organisation. It is encoded from the general to the
 * particular, so that its RFC 4514 form begins with CN. Values are taken literally: nothing in them is syntax.
 *
 * @throws RangeError for an empty value, one of more than 64 characters, or one with control characters
 */
export function createSubjectName (subject: { readonly commonName: string, readonly organization?: string }): Name {
  const commonName = { CN: [{ utf8String: checkValue('commonName', subject.commonName) }] }
  if (subject.organization === undefined) return new Name([commonName])
  return new Name([{ O: [{ utf8String: checkValue('organization', subject.organization) }] }, commonName])
}

/** The Name without any attribute, for a server that is named by its alternative names alone (RFC 5280 §4.2.1.6). */
export function createEmptyName (): Name {
  return new Name([])
}

function checkValue (what: string, value: string): string {
  const length = [...value].length
  const isClean = value.isWellFormed() && [...value].every((character) => character >= ' ' && character !== '\x7f')
  if (length === 0 || length > LENGTH_MAX || !isClean) throw new RangeError(`A certificate's ${what} must be 1 to ${LENGTH_MAX} characters without control characters`)
  return value
}
