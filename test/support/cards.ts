/** A made-up card number that passes Luhn and is no documented test number: Visa, 16 digits, by serial. */
export function madeUpCard (serial: number): string {
  const body = `453957${String(serial).padStart(9, '0')}`
  const sum = [...body].reverse().reduce((total, digit, index) => {
    const doubled = index % 2 === 0 ? Number(digit) * 2 : Number(digit)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${body}${(10 - sum % 10) % 10}`
}
