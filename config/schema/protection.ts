import { choice, list, section, text } from './fields.ts'

/** Abuse rules. */
export const AbuseSchema = section('Abuse rules.', {
  rules_directory: text({ description: 'Rules are read from this directory, one file each.', default: './rules', means: 'directory', minLength: 1 }),
  mode: choice(['', 'enforce', 'report', 'off'], { description: 'Overrides every rule\'s own mode when set.', default: '' })
})

const pointer = text({ description: 'A JSON Pointer (RFC 6901) in which * is any one member and ** any number of them.', means: 'pointer-pattern' })
const card = text({ description: 'A card number of 12 to 19 digits.', means: 'card-number' })

/** What becomes of personal data. */
export const ScrubSchema = section('Personal data in requests and replies.', {
  mode: choice(['enforce', 'report', 'off'], { description: 'enforce replaces and refuses, report notes what it would have done, off does nothing.', default: 'enforce' }),
  test_cards: list(card, { description: 'Card numbers taken as test data beside the built-in list.', default: [], isSet: true }),
  allow: list(pointer, { description: 'Members, by JSON Pointer with * and **, that are never scrubbed.', default: [], isSet: true }),
  always: list(pointer, { description: 'Members whose value is always replaced, whatever it looks like.', default: ['/**/password', '/**/secret', '/**/cvc', '/**/cvv', '/**/pin'], isSet: true })
})
