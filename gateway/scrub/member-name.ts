/** What the name of a member says about its value. */
export type MemberHint = 'card' | 'iban' | 'email' | 'phone' | 'ssn' | 'product-code'

const EXACT: ReadonlyMap<string, MemberHint> = new Map<string, MemberHint>([
  ...['cardnumber', 'cardno', 'pan', 'ccnumber', 'creditcard', 'creditcardnumber', 'debitcardnumber', 'primaryaccountnumber', 'cardnum', 'cc']
    .map((name): [string, MemberHint] => [name, 'card']),
  ...['ssn', 'socialsecuritynumber', 'socialsecurity', 'taxid', 'taxidnumber', 'taxpayerid', 'taxpayeridentificationnumber', 'itin', 'tin', 'idnumber', 'nationalid']
    .map((name): [string, MemberHint] => [name, 'ssn']),
  ...['mail', 'emailaddress'].map((name): [string, MemberHint] => [name, 'email']),
  ...['mobile', 'mobilenumber', 'tel', 'telephonenumber', 'fax', 'faxnumber', 'cell', 'msisdn', 'whatsapp', 'sms', 'phonenumbers']
    .map((name): [string, MemberHint] => [name, 'phone']),
  ...['ean', 'ean13', 'gtin', 'gtin13', 'upc', 'barcode', 'isbn', 'isbn13'].map((name): [string, MemberHint] => [name, 'product-code']),
])

const ENDINGS: ReadonlyArray<readonly [string, MemberHint]> = [
  ['cardnumber', 'card'], ['iban', 'iban'], ['email', 'email'], ['emailaddress', 'email'], ['emails', 'email'],
  ['phone', 'phone'], ['phonenumber', 'phone'], ['phones', 'phone'], ['telephone', 'phone'], ['ssn', 'ssn'],
]

const CARD_PARENTS = new Set(['card', 'creditcard', 'debitcard', 'paymentcard'])

/**
 * Reads a member's name as people write it: `phoneNumber`, `phone_number`, `customer[phone]`, `billing.phone`. A `number`
 * is a card number when its parent is a card.
 */
export function hintOfName (name: string, parentName?: string): MemberHint | undefined {
  const plain = plainName(name)
  if (plain === 'number') return parentName !== undefined && CARD_PARENTS.has(plainName(parentName)) ? 'card' : undefined
  return EXACT.get(plain) ?? ENDINGS.find(([ending]) => plain.endsWith(ending))?.[1]
}

/** The last step of a name, in lower case and without separators. */
function plainName (name: string): string {
  if (name.length > 256) return ''
  const steps = name.toLowerCase().split(/[.[\]]/).filter((step) => step !== '' && !/^\d+$/.test(step))
  return (steps.at(-1) ?? '').replaceAll(/[_\-\s]/g, '')
}
