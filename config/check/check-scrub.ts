import type { Violation } from '../problem.ts'
import type { CrossCheck } from './check.ts'

/** Refuses pointers that are to be scrubbed always and never, and test cards that no card number can be. */
export const checkScrub: CrossCheck = {
  reads: [['scrub']],
  run: ({ scrub }) => [
    ...scrub.allow.flatMap((pointer, index): Violation[] => scrub.always.includes(pointer)
      ? [{ path: ['scrub', 'allow', index], part: 'value', found: `${pointer}, which is in scrub.always too`, expected: 'a pointer in one of the two lists', hint: 'Remove it from one of them.' }]
      : []),
    ...scrub.test_cards.flatMap((card, index): Violation[] => isLuhnValid(card)
      ? []
      : [{ path: ['scrub', 'test_cards', index], part: 'value', found: 'digits with a wrong check digit', expected: 'a card number (ISO/IEC 7812-1 annex B)', hint: 'Numbers with a wrong check digit are never taken for cards and need no entry.' }])
  ]
}

function isLuhnValid (digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
