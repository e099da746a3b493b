import t from 'tap'
import { isDistinguishedName, isSameDistinguishedName } from '../../certs/index.ts'

const different: Array<readonly [why: string, a: string, b: string]> = [
  ['RDNs in another order', 'CN=a,O=b', 'O=b,CN=a'],
  ['a value in another case', 'CN=App', 'CN=app'],
  ['a value with another number of spaces', 'CN=a b', 'CN=a  b'],
  ['one RDN more', 'CN=a,O=b', 'CN=a'],
  ['two RDNs against one of two values', 'CN=a,O=b', 'CN=a+O=b'],
  ['an escaped comma against a separator', 'CN=a\\,O=b', 'CN=a,O=b'],
  ['an escaped plus sign against a separator', 'CN=a\\+O=b', 'CN=a+O=b'],
  ['another attribute type', 'CN=a', 'OU=a'],
  ['the # form of a number against its hex text', 'CN=#020105', 'CN=\\#020105'],
  ['composed against decomposed characters', 'CN=\u00fc', 'CN=u\u0308'],
  ['a value that imitates two values of one RDN', 'CN=a\\"\\,\\"2.5.4.10=\\"b', 'CN=a+O=b'],
]
const malformed: Array<readonly [why: string, name: string]> = [
  ['no equals sign', 'CN'],
  ['an empty type', '=a'],
  ['an unknown type', 'FOO=a'],
  ['a space after the separator', 'CN=a, O=b'],
  ['a space before the equals sign', 'CN =a'],
  ['an unescaped leading space', 'CN= a'],
  ['an unescaped trailing space', 'CN=a '],
  ['a trailing separator', 'CN=a,'],
  ['a leading separator', ',CN=a'],
  ['a dangling plus sign', 'CN=a+'],
  ['a dangling backslash', 'CN=a\\'],
  ['an escaped ordinary letter', 'CN=\\z'],
  ['half an escaped byte', 'CN=\\4'],
  ['escaped bytes that are no UTF-8', 'CN=\\C3\\28'],
  ['half a UTF-8 character', 'CN=\\C3'],
  ['an overlong UTF-8 form', 'CN=\\C0\\AF'],
  ['an unescaped quotation mark', 'CN="a"'],
  ['an unescaped semicolon', 'CN=a;O=b'],
  ['an unescaped angle bracket', 'CN=<a>'],
  ['a raw NUL', 'CN=a\0'],
  ['an odd number of hex digits', 'CN=#0c016'],
  ['a # form with nothing in it', 'CN=#'],
  ['a # form that is no BER', 'CN=#0c0541'],
  ['a # form with something behind it', 'CN=#0c0141 '],
  ['a lone surrogate', 'CN=\ud800'],
  ['an object identifier with a leading zero', '2.05.4.3=a'],
  ['an object identifier of one number', '2=a'],
  ['an OID. prefix, as in LDAPv2', 'OID.2.5.4.3=a'],
]
const same: Array<readonly [why: string, a: string, b: string]> = [
  ['the same text', 'CN=a,O=b', 'CN=a,O=b'],
  ['attribute types in another case', 'cn=a,o=b', 'CN=a,O=b'],
  ['long attribute type names', 'commonName=a,organizationalUnitName=b', 'CN=a,OU=b'],
  ['attribute types as object identifiers', '2.5.4.3=a,0.9.2342.19200300.100.1.25=b', 'CN=a,DC=b'],
  ['values of one RDN in another order', 'OU=Sales+CN=J. Smith,DC=example', 'CN=J. Smith+OU=Sales,DC=example'],
  ['a comma escaped as a character and as a byte', 'CN=Steve Kille\\, Ltd', 'CN=Steve Kille\\2C Ltd'],
  ['UTF-8 written out and in escaped bytes', 'CN=Lu\u010di\u0107', 'CN=Lu\\C4\\8Di\\c4\\87'],
  ['a character outside the basic plane', 'CN=\u{1f511}', 'CN=\\F0\\9F\\94\\91'],
  ['leading and trailing spaces, escaped in two ways', 'CN=\\ a\\ ', 'CN=\\20a\\20'],
  ['a leading number sign', 'CN=\\#a', 'CN=\\23a'],
  ['an equals sign, escaped or not', 'CN=a=b', 'CN=a\\=b'],
  ['a # form of a UTF8String', 'CN=#0c0161', 'CN=a'],
  ['a # form of a PrintableString and of a BMPString', 'CN=#130161', 'CN=#1e020061'],
  ['a # form of another type in another case', '1.3.6.1.4.1.1466.0=#04024A69', '1.3.6.1.4.1.1466.0=#04024a69'],
  ['an e-mail address by name and by object identifier', 'emailAddress=a@b.example', '1.2.840.113549.1.9.1=#160b6140622e6578616d706c65'],
  ['an escaped NUL and control characters', 'CN=a\\00\\0Db', 'CN=\\61\\00\\0db'],
  ['empty values', 'CN=,O=b', 'CN=,O=b'],
  ['the same attribute twice in one RDN', 'CN=a+CN=b', 'CN=b+CN=a'],
]

t.test('different names are never the same', async (t) => {
  for (const [why, a, b] of different) {
    t.equal(isSameDistinguishedName(a, b), false, why)
    t.equal(isSameDistinguishedName(b, a), false, `${why}, turned round`)
    t.equal(isDistinguishedName(a) && isDistinguishedName(b), true, `${why}: both are well-formed`)
  }
})

t.test('a malformed name is the same as no name, itself included', async (t) => {
  for (const [why, name] of malformed) {
    t.equal(isSameDistinguishedName(name, name), false, why)
    t.equal(isDistinguishedName(name), false, why)
  }
})

t.test('the empty name identifies nobody', async (t) => {
  t.equal(isSameDistinguishedName('', ''), false)
  t.equal(isDistinguishedName(''), false)
})

t.test('one name in two forms is the same', async (t) => {
  for (const [why, a, b] of same) {
    t.equal(isSameDistinguishedName(a, b), true, why)
    t.equal(isSameDistinguishedName(b, a), true, `${why}, turned round`)
  }
})
