import type { Command } from 'commander'
import { callControl, fetchPublic, type ControlAccess, type ControlReply } from '../control-client.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import { reportReply, withAccess, withControlOptions, type ControlOptions } from '../control-command.ts'
import { pickDefined } from '../option-values.ts'

interface FormOptions { readonly keyType?: string, readonly csr?: string, readonly lifetime?: string, readonly format: string, readonly out?: string, readonly p12PasswordFile?: string, readonly p12Encryption?: string }

interface CreateOptions extends ControlOptions, FormOptions {
  readonly kind?: string
  readonly san: readonly string[]
  readonly roles?: string
  readonly organization?: string
  readonly country?: string
  readonly organizationIdentifier?: string
  readonly ncaName?: string
  readonly ncaId?: string
}

/** `sandgate certificates`: makes, lists, renews and revokes the certificates of a sandbox, and writes them to files. */
export function addCertificateCommands (program: Command, terminal: Terminal): void {
  const certificates = program.command('certificates').description('client certificates of your sandbox')
  addIssuing(certificates, terminal)
  withControlOptions(certificates.command('list').description('certificates, newest first'))
    .action(async (options: ControlOptions) => await withAccess('developer', options, terminal, async (access) => reportReply('developer', await callControl(access, 'GET', '/sandbox/certificates?limit=100'), terminal)))
  withControlOptions(certificates.command('show <serial>').description('one certificate, in PEM and as a JSON Web Key'))
    .action(async (serial: string, options: ControlOptions) => await withAccess('developer', options, terminal, async (access) => reportReply('developer', await callControl(access, 'GET', pathOf(serial)), terminal)))
  withControlOptions(certificates.command('revoke <serial>').description('revoke a certificate, at once and for ever'))
    .option('--reason <reason>', 'keyCompromise, superseded, cessationOfOperation, affiliationChanged, privilegeWithdrawn')
    .action(async (serial: string, options: ControlOptions & { readonly reason?: string }) => await withAccess('developer', options, terminal, async (access) =>
      reportReply('developer', await callControl(access, 'POST', `${pathOf(serial)}/revoke`, pickDefined({ reason: options.reason })), terminal)))
  withControlOptions(certificates.command('crl').description('the revocation list, in PEM'))
    .option('--out <file>', 'write it to a file')
    .action(async (options: ControlOptions & { readonly out?: string }) => await withAccess('developer', options, terminal, async (access) => await fetchList(access, options.out, terminal), 'public'))
}

function addIssuing (certificates: Command, terminal: Terminal): void {
  form(withControlOptions(certificates.command('create').description('make a certificate and write it, and its key, to files')))
    .option('--kind <kind>', 'client, qwac, qseal; to be refused: expired, not_yet_valid, revoked, wrong_eku, untrusted_issuer')
    .option('--san <type:name>', 'subject alternative name, dns:…, uri:…, ip:… or email:…; may be repeated', (value: string, before: readonly string[]) => [...before, value], [])
    .option('--roles <list>', 'PSD2 roles of a qwac or qseal: PSP_AS, PSP_PI, PSP_AI, PSP_IC, separated by commas')
    .option('--organization <name>', 'the payment service provider\'s name')
    .option('--country <code>', 'its country')
    .option('--organization-identifier <id>', 'its identifier, PSDGB-FCA-123456')
    .option('--nca-name <name>', 'the competent authority\'s name')
    .option('--nca-id <id>', 'its identifier, GB-FCA')
    .action(async (options: CreateOptions) => await withAccess('developer', options, terminal, async (access) => await createCertificate(access, options, terminal)))
  form(withControlOptions(certificates.command('renew <serial>').description('the same certificate again, with a new key')))
    .option('--revoke-previous', 'revoke the old one')
    .action(async (serial: string, options: ControlOptions & FormOptions & { readonly revokePrevious?: true }) => await withAccess('developer', options, terminal, async (access) =>
      await issue(access, `${pathOf(serial)}/renew`, pickDefined({ revoke_previous: options.revokePrevious }), options, terminal)))
}

function form (command: Command): Command {
  return command
    .option('--key-type <type>', 'ec-p256, ec-p384, ed25519, rsa-2048, rsa-3072, rsa-4096')
    .option('--csr <file>', 'a PKCS #10 request in PEM; its key stays with you')
    .option('--lifetime <duration>', 'for instance 24h')
    .option('--format <form>', 'pem, pkcs12 or jwk', 'pem')
    .option('--out <prefix>', 'files are <prefix>.pem and <prefix>.key, <prefix>.p12, or <prefix>.jwk.json (default: the serial number)')
    .option('--p12-password-file <file>', 'the password is the file\'s first line; otherwise SANDGATE_P12_PASSWORD, or you are asked')
    .option('--p12-encryption <kind>', 'aes256, or 3des for older key stores')
}

async function createCertificate (access: ControlAccess, options: CreateOptions, terminal: Terminal): Promise<void> {
  const sans = options.san.map((text) => /^(dns|uri|ip|email):(.+)$/.exec(text))
  const bad = sans.indexOf(null)
  if (bad !== -1) return complain(`--san ${options.san[bad] ?? ''} must begin with dns:, uri:, ip: or email:.`, terminal)
  const psd2 = pickDefined({ roles: options.roles?.split(',').map((role) => role.trim()), organization: options.organization, country: options.country, organization_identifier: options.organizationIdentifier, nca_name: options.ncaName, nca_id: options.ncaId })
  const body = pickDefined({
    kind: options.kind,
    sans: sans.length === 0 ? undefined : sans.map((match) => ({ type: match?.[1], value: match?.[2] })),
    psd2: Object.keys(psd2).length === 0 ? undefined : psd2,
  })
  await issue(access, '/sandbox/certificates', body, options, terminal)
}

async function issue (access: ControlAccess, path: string, wanted: object, options: FormOptions, terminal: Terminal): Promise<void> {
  const taken = options.out === undefined ? undefined : ['pem', 'key', 'p12', 'jwk.json'].map((suffix) => `${options.out ?? ''}.${suffix}`).find((file) => terminal.readText(file) !== undefined)
  if (taken !== undefined) return complain(`${taken} is there already, and nothing is overwritten: choose another --out.`, terminal)
  const csr = options.csr === undefined ? undefined : terminal.readText(options.csr)
  if (options.csr !== undefined && csr === undefined) return complain(`${options.csr} cannot be read.`, terminal)
  const password = options.format === 'pkcs12' ? await findPassword(options, terminal) : undefined
  if (options.format === 'pkcs12' && password === undefined) return complain('A PKCS #12 file needs a password: set SANDGATE_P12_PASSWORD, or give --p12-password-file. It is never an argument, because other people on the machine can read those.', terminal)
  const reply = await callControl(access, 'POST', path, { ...wanted, ...pickDefined({ key_type: options.keyType, csr, lifetime: options.lifetime, format: options.format, password, pkcs12_encryption: options.p12Encryption }) })
  if (reply.status >= 400) reportReply('developer', reply, terminal)
  else writeCertificate(reply, options.out, terminal)
}

async function findPassword ({ p12PasswordFile }: FormOptions, terminal: Terminal): Promise<string | undefined> {
  if (p12PasswordFile !== undefined) return terminal.readText(p12PasswordFile)?.split(/\r?\n/)[0]
  return terminal.environment['SANDGATE_P12_PASSWORD'] ?? await terminal.askSecret('Password for the PKCS #12 file: ')
}

interface Issued { readonly serial: string, readonly subject_dn: string, readonly not_after: string, readonly kind: string, readonly certificate: string, readonly ca_certificate: string, readonly private_key?: string, readonly pkcs12?: string, readonly jwk: { readonly d?: string } }

function writeCertificate ({ body }: ControlReply, out: string | undefined, terminal: Terminal): void {
  const issued = body as Issued
  const prefix = out ?? issued.serial
  const files: Array<readonly [file: string, data: string | Buffer]> = [
    [`${prefix}.pem`, issued.certificate],
    ...(issued.private_key === undefined ? [] : [[`${prefix}.key`, issued.private_key] as const]),
    ...(issued.pkcs12 === undefined ? [] : [[`${prefix}.p12`, Buffer.from(issued.pkcs12, 'base64')] as const]),
    ...(issued.jwk.d === undefined ? [] : [[`${prefix}.jwk.json`, `${JSON.stringify(issued.jwk, null, 2)}\n`] as const]),
  ]
  const written: string[] = []
  for (const [file, data] of files) {
    const problem = terminal.writePrivate(file, data)
    if (problem === undefined) {
      written.push(file)
      continue
    }
    terminal.err(`${problem}: nothing is overwritten. The certificate ${issued.serial} was made; its key is kept nowhere, so renew it with another --out.`)
    terminal.exit(exitCodes.failure)
    return
  }
  terminal.out(JSON.stringify({ serial: issued.serial, kind: issued.kind, subject_dn: issued.subject_dn, not_after: issued.not_after, files: written }, null, 2))
}

async function fetchList (access: ControlAccess, out: string | undefined, terminal: Terminal): Promise<void> {
  const { status, bytes } = await fetchPublic(access, '/sandbox/pki/crl.pem')
  const problem = status !== 200 ? `The revocation list was refused with HTTP ${status}.` : out === undefined ? undefined : terminal.writePrivate(out, bytes)
  if (problem !== undefined) {
    terminal.err(problem)
    terminal.exit(exitCodes.failure)
  } else if (out === undefined) terminal.out(bytes.toString('utf8').trimEnd())
}

function complain (message: string, terminal: Terminal): void {
  terminal.err(message)
  terminal.exit(exitCodes.usage)
}

function pathOf (serial: string): string {
  return `/sandbox/certificates/${encodeURIComponent(serial)}`
}
