/* eslint-disable no-template-curly-in-string -- references to variables are what people are to write */
import type { Path, Violation } from '../problem.ts'
import { isOverlapping } from '../validation/judge-cidr.ts'
import { isReadable, type ConfigDocument } from './check.ts'

interface Precaution {
  /** must: refused with `production: true`, announced otherwise. should: announced always. */
  readonly grade: 'must' | 'should'
  readonly path: Path
  readonly isNeglected: (config: ConfigDocument) => boolean
  readonly found: string
  readonly expected: string
  readonly hint: string
}

const PRECAUTIONS: readonly Precaution[] = [
  must(['listen', 'public_host'], ({ listen }) => isLoopbackName(listen.public_host), 'a loopback name', 'the host name that clients call', 'It is part of the issuer and of every link.'),
  must(['tls', 'certificate_file'], ({ tls }) => tls.certificate_file === '', 'nothing: the development CA issues the certificate of both doors', 'a certificate of an authority that clients trust', 'Set tls.certificate_file and tls.key_file.'),
  must(['keys', 'ca_certificate_file'], ({ keys }) => keys.ca_certificate_file === '', 'nothing: client certificates are issued by a CA made at first start', 'a certificate authority of your own', 'Set keys.ca_certificate_file and keys.ca_key_file.'),
  must(['keys', 'signing_keys_file'], ({ keys }) => keys.signing_keys_file === '', 'nothing: tokens are signed with a key made at first start', 'a JSON Web Key Set that you keep', 'Set keys.signing_keys_file.'),
  must(['keys', 'cookie_secrets'], ({ keys }) => keys.cookie_secrets.length === 0, 'nothing: cookies are signed with a secret made at first start', 'at least one secret that you keep', 'Set keys.cookie_secrets: ["${COOKIE_SECRET}"].'),
  must(['keys', 'scrub_secret'], ({ keys }) => keys.scrub_secret === '', 'nothing: pseudonyms are made under a secret made at first start', 'a secret that you keep', 'Set keys.scrub_secret: ${SCRUB_SECRET}.'),
  must(['keys', 'operator_token'], ({ keys }) => keys.operator_token === '', 'nothing: the operator\'s token is made at first start and kept in var_directory', 'a token that you keep', 'Set keys.operator_token: ${OPERATOR_TOKEN}.'),
  must(['webhooks', 'allowed_networks'], ({ webhooks }) => webhooks.allowed_networks.some(isLoopbackNetwork), 'a loopback network', 'networks without loopback', 'Webhooks could reach services of this machine: remove 127.0.0.0/8 and ::1/128.'),
  must(['webhooks', 'allow_http'], ({ webhooks }) => webhooks.allow_http, 'true: webhooks may be sent in clear', 'false', ''),
  must(['trusted_proxies'], (config) => config.trusted_proxies.some(isEverything), 'every address', 'the networks of your proxies', 'Any client could claim any address.'),
  must(['tls', 'certificate_header', 'trusted_proxies'], ({ tls }) => tls.certificate_header.trusted_proxies.some(isEverything), 'every address', 'the networks of your proxies', 'Any client could claim any certificate.'),
  must(['scrub', 'mode'], ({ scrub }) => scrub.mode === 'off', 'off: personal data passes and is kept', 'enforce', 'report notes what enforce would remove.'),
  should(['listen', 'ops', 'host'], ({ listen }) => !isLoopbackName(listen.ops.host), 'an address that others may reach', 'a loopback address', 'Metrics and health have neither TLS nor a login: shield the port.'),
  ...(['address', 'client', 'token'] as const).map((name) => should(['limits', name, 'mode'], ({ limits }) => limits[name].mode === 'off', 'off: nothing is limited', 'enforce or report', '')),
  should(['abuse', 'mode'], ({ abuse }) => abuse.mode === 'off', 'off: no rule is judged', 'report, or nothing', '')
]

/**
 * Lists the development defaults and switched-off protections of a configuration. In production those of grade `must` are
 * problems; everything else is announced at start. Keys that were found wrong already are passed over.
 */
export function judgeDevelopmentDefaults (config: ConfigDocument, violations: readonly Violation[]): { readonly problems: readonly Violation[], readonly warnings: readonly Violation[] } {
  const neglected = PRECAUTIONS.filter(({ path, isNeglected }) => isReadable([path], violations) && isNeglected(config))
  const isProduction = isReadable([['production']], violations) && config.production
  const isProblem = ({ grade }: Precaution): boolean => isProduction && grade === 'must'
  return { problems: neglected.filter(isProblem).map((precaution) => tell(precaution, true)), warnings: neglected.filter((precaution) => !isProblem(precaution)).map((precaution) => tell(precaution, false)) }
}

/** What `production: true` demands, for the documentation. */
export function productionRequirements (): readonly { readonly path: Path, readonly expected: string }[] {
  return PRECAUTIONS.filter(({ grade }) => grade === 'must').map(({ path, expected }) => ({ path, expected }))
}

function tell ({ path, found, expected, hint }: Precaution, isRefused: boolean): Violation {
  return { path, part: 'value', found, expected: isRefused ? `${expected}, because production is true` : expected, hint }
}

function must (path: Path, isNeglected: Precaution['isNeglected'], found: string, expected: string, hint: string): Precaution {
  return { grade: 'must', path, isNeglected, found, expected, hint }
}

function should (path: Path, isNeglected: Precaution['isNeglected'], found: string, expected: string, hint: string): Precaution {
  return { grade: 'should', path, isNeglected, found, expected, hint }
}

function isLoopbackName (host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function isLoopbackNetwork (cidr: string): boolean {
  return isOverlapping(cidr, '127.0.0.0/8') || isOverlapping(cidr, '::1/128') || isOverlapping(cidr, '::ffff:127.0.0.0/104')
}

function isEverything (cidr: string): boolean {
  return cidr.endsWith('/0')
}
