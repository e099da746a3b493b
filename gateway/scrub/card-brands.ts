interface BrandRange {
  readonly from: string
  readonly to: string
  readonly lengths: readonly number[]
}

/** Issuer identification numbers (ISO/IEC 7812) of the schemes, each with the lengths its cards have. */
const RANGES: readonly BrandRange[] = [
  { from: '4', to: '4', lengths: [13, 16, 19] },                              // Visa
  { from: '51', to: '55', lengths: [16] },                                    // Mastercard
  { from: '2221', to: '2720', lengths: [16] },
  { from: '34', to: '34', lengths: [15] },                                    // American Express
  { from: '37', to: '37', lengths: [15] },
  { from: '6011', to: '6011', lengths: [16, 19] },                            // Discover
  { from: '644', to: '659', lengths: [16, 19] },
  { from: '300', to: '305', lengths: [14, 16, 19] },                          // Diners Club
  { from: '3095', to: '3095', lengths: [14, 16, 19] },
  { from: '36', to: '36', lengths: [14, 16, 19] },
  { from: '38', to: '39', lengths: [14, 16, 19] },
  { from: '3528', to: '3589', lengths: [16, 17, 18, 19] },                    // JCB
  { from: '62', to: '62', lengths: [16, 17, 18, 19] },                        // UnionPay
  { from: '8100', to: '8171', lengths: [16, 17, 18, 19] },
  { from: '5018', to: '5018', lengths: [13, 14, 15, 16, 17, 18, 19] },        // Maestro
  { from: '5020', to: '5020', lengths: [13, 14, 15, 16, 17, 18, 19] },
  { from: '5038', to: '5038', lengths: [13, 14, 15, 16, 17, 18, 19] },
  { from: '5612', to: '5612', lengths: [16, 18, 19] },
  { from: '5893', to: '5893', lengths: [13, 14, 15, 16, 17, 18, 19] },
  { from: '6304', to: '6304', lengths: [13, 14, 15, 16, 17, 18, 19] },
  { from: '6703', to: '6703', lengths: [16, 17, 18, 19] },
  { from: '6759', to: '6759', lengths: [13, 14, 15, 16, 17, 18, 19] },
  { from: '6761', to: '6763', lengths: [13, 14, 15, 16, 17, 18, 19] },
  { from: '6767', to: '6767', lengths: [16, 18, 19] },
  { from: '6771', to: '6771', lengths: [16, 17, 18, 19] },
  { from: '6799', to: '6799', lengths: [16, 18, 19] },
  { from: '5019', to: '5019', lengths: [16] },                                // Dankort
  { from: '2200', to: '2204', lengths: [16, 17, 18, 19] },                    // Mir
  { from: '508500', to: '508999', lengths: [16] },                            // RuPay
  { from: '606985', to: '608500', lengths: [16] },
  { from: '817200', to: '820199', lengths: [16] },
  { from: '506699', to: '506778', lengths: [16] },                            // Elo
  { from: '509000', to: '509999', lengths: [16] },
  { from: '627780', to: '627780', lengths: [16] },
  { from: '636297', to: '636368', lengths: [16] },
  { from: '606282', to: '606282', lengths: [16] },                            // Hipercard
  { from: '506099', to: '506198', lengths: [16, 18, 19] },                    // Verve
  { from: '507865', to: '507964', lengths: [16, 18, 19] },
  { from: '9792', to: '9792', lengths: [16] },                                // Troy
  { from: '636', to: '639', lengths: [16, 17, 18, 19] },                      // InterPayment, InstaPayment
  { from: '8600', to: '8600', lengths: [16] },                                // UzCard
  { from: '9860', to: '9860', lengths: [16] },                                // Humo
]

/** True when a scheme issues cards that begin like these digits and are as long. */
export function hasIssuerOfLength (digits: string): boolean {
  return RANGES.some(({ from, to, lengths }) => {
    const prefix = digits.slice(0, from.length)
    return prefix >= from && prefix <= to && lengths.includes(digits.length)
  })
}

/** True when the check digit is right (ISO/IEC 7812-1, the Luhn formula) of the digits in `text` from `start` to `end`. */
export function isLuhnValid (text: string, start = 0, end = text.length): boolean {
  let sum = 0
  for (let at = end - 1, isDoubled = false; at >= start; at--, isDoubled = !isDoubled) {
    const digit = text.charCodeAt(at) - 48
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}
