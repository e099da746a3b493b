import { Name } from './x509.ts'

/** Upper bounds of RFC 5280 appendix A.1: ub-common-name, ub-organization-name and ub-organizational-unit-name, in characters. */
const LENGTH_MAX = 64

/** What a subject is called. */
export interface SubjectAttributes {
  readonly commonName: string
  readonly organizationalUnit?: string
  /** `organizationIdentifier` (2.5.4.97, X.520 §6.4.6), as PSD2 certificates have it. */
  readonly organizationIdentifier?: string
  readonly organization?: string
  /** ISO 3166 alpha-2. */
  readonly country?: string
}

/**
 * The Name of a subject (RFC 5280 §4.1.2.6). It is encoded from the general to the particular, so that its RFC 4514 form
 * begins with CN. Values are taken literally: nothing in them is syntax.
 *
 * @throws RangeError for an empty value, one of more than 64 characters, or one with control characters
 */
export function createSubjectName (subject: SubjectAttributes): Name {
  const { commonName, organizationalUnit, organizationIdentifier, organization, country } = subject
  if (country !== undefined && !/^[A-Z]{2}$/.test(country)) throw new RangeError('A certificate\'s country must be two capital letters (ISO 3166)')
  const text = (type: string, what: string, value: string | undefined): Array<Record<string, [{ readonly utf8String: string }]>> =>
    value === undefined ? [] : [{ [type]: [{ utf8String: checkValue(what, value) }] }]
  return new Name([
    ...(country === undefined ? [] : [{ C: [{ printableString: country }] }]),
    ...text('O', 'organization', organization),
    ...text('2.5.4.97', 'organizationIdentifier', organizationIdentifier),
    ...text('OU', 'organizationalUnit', organizationalUnit),
    ...text('CN', 'commonName', commonName),
  ])
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
