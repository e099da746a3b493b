import type { Pseudonym } from './pseudonym.ts'

/** Numbers that a regulator set aside for films and tests: fixed digits, then free ones. All without `+`, in E.164 order. */
interface ReservedRange {
  readonly prefix: string
  readonly freeDigits: number
}

interface Country {
  readonly code: string
  readonly ranges: readonly ReservedRange[]
}

function rangesOf (prefixes: string, freeDigits: number): ReservedRange[] {
  return prefixes.trim().split(/\s+/).map((prefix) => ({ prefix, freeDigits }))
}

/** Area codes in use under +1; 555-0100 to 555-0199 is reserved in each (ATIS-0300115). */
const NANP_AREAS = `201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252
  253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325 330
  331 334 336 337 339 347 351 352 360 361 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 430 432
  434 435 440 443 469 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 561 562
  563 567 570 571 573 574 580 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 630 631 636 641
  646 650 651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 727 731 732 734 740 754 757
  760 763 765 770 772 773 774 775 781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817 818 828 830 831 832 843 845
  847 848 850 856 857 858 859 860 862 863 864 865 870 901 903 904 906 907 908 909 910 912 913 914 915 916 917 918 919 920 925 928
  931 936 937 940 941 947 949 951 952 954 956 970 971 972 973 978 979 980 985 989`

const NANP: Country = { code: '1', ranges: NANP_AREAS.trim().split(/\s+/).map((area) => ({ prefix: `1${area}55501`, freeDigits: 2 })) }

const COUNTRIES: readonly Country[] = [
  NANP,
  // Ofcom: mobile, then the fixed lines of cities; the mobile range is named often so that it is drawn often.
  { code: '44', ranges: rangesOf('447700900 447700900 441134960 441144960 441154960 441164960 441174960 441184960 441214960 441314960 441414960 441514960 441614960 442079460 441914980 441632960', 3) },
  // ARCEP.
  { code: '33', ranges: rangesOf('3319900 3326191 3335301 3346571 3353649 3363998', 4) },
  // Bundesnetzagentur.
  { code: '49', ranges: rangesOf('493023125 496990009 494066969 498999998', 3) },
  // ACMA.
  { code: '61', ranges: rangesOf('6125550 6127010 6135550 6137010 6175550 6177010 6185550 6187010', 4) },
  // ComReg.
  { code: '353', ranges: rangesOf('35320910 35320911 35320912 35320913 35320914 35320915 35320916 35320917 35320918', 4) },
  // PTS.
  { code: '46', ranges: rangesOf('46313900 46406280 46846500', 3) },
]

/** The country code of E.164 digits, when numbers are set aside there; for other countries, +1. */
export function reservedCountryCode (e164: string): string {
  return countryOf(e164).code
}

/** A number that is set aside in the country of `e164`, or under +1 when none is known there. Without `+`. */
export function drawReservedNumber (e164: string, pseudonym: Pseudonym): string {
  const { ranges } = countryOf(e164)
  const range = ranges[pseudonym.below(ranges.length)] as ReservedRange
  return range.prefix + pseudonym.digits(range.freeDigits)
}

/** True for E.164 digits within a range that is set aside. */
export function isReservedNumber (e164: string): boolean {
  return countryOf(e164).ranges.some(({ prefix, freeDigits }) => e164.length === prefix.length + freeDigits && e164.startsWith(prefix))
}

/** True when the digits begin with an assigned country code (ITU-T E.164), read by its first two digits. */
export function hasCountryCode (e164: string): boolean {
  return /^(?:1|7|2[0-79]|3|4|5|6|8[0-24-8]|9)/.test(e164)
}

function countryOf (e164: string): Country {
  return COUNTRIES.find(({ code }) => e164.startsWith(code)) ?? NANP
}
