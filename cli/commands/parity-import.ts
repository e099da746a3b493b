import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type * as Authz from '../../authz/index.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import { parityCommand } from './parity.ts'

interface ImportOptions {
  readonly out?: string
  readonly jwks?: string
  readonly tls?: true
  readonly ca?: string
  readonly json?: true
  readonly force?: true
}

/** `sandgate parity import`: reads what production says of itself and writes the keys of sandgate.yaml that follow from it. */
export function addParityImport (program: Command, terminal: Terminal): void {
  parityCommand(program).command('import <issuer-or-file>')
    .description('write configuration from production\'s discovery document; list what cannot be reproduced, and what to fill in')
    .option('--out <file>', 'write the YAML to a file, and the report to standard output')
    .option('--force', 'write over a file that is there')
    .option('--jwks <file>', 'production\'s JSON Web Key Set, instead of fetching it')
    .option('--tls', 'look at TLS too, with connections over which nothing is sent')
    .option('--ca <file>', 'CA certificates in PEM that production\'s chains to')
    .option('--json', 'the report with the YAML in it, as JSON')
    .action(async (from: string, options: ImportOptions) => {
      const outcome = await run(from, options, terminal)
      if (typeof outcome === 'number') return terminal.exit(outcome)
      terminal.err(outcome.why)
      terminal.exit(outcome.exitCode)
    })
}

interface Failure { readonly why: string, readonly exitCode: number }

async function run (from: string, options: ImportOptions, terminal: Terminal): Promise<number | Failure> {
  const reading = planReading(from, options, terminal)
  if ('why' in reading) return reading
  const [authz, { createProfileRules }] = await Promise.all([import('../../authz/index.ts'), import('../profile-rules.ts')])
  const outcome = await authz.readProduction(reading)
  if (outcome.kind === 'failed') return { why: `${from} cannot be imported: ${outcome.why}.${caHint(outcome.why)}`, exitCode: CODES[outcome.cause] }
  return deliver(authz.importProfile(outcome.production, createProfileRules()), options, terminal, authz)
}

const CODES: Readonly<Record<Authz.ReadFailure['cause'], number>> = { unreachable: exitCodes.unreachable, missing: exitCodes.notFound, unusable: exitCodes.failure }

/** What is to be read, or what is wrong with the command line. */
function planReading (from: string, { jwks, ca, tls, out, force }: ImportOptions, { readText }: Terminal): Authz.ReadOptions | Failure {
  const usage = (why: string): Failure => ({ why, exitCode: exitCodes.usage })
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(from)
  const wrong = isUrl ? judgeAddress(from) : undefined
  if (wrong !== undefined) return usage(wrong)
  const [text, keysText, authorityPem] = [isUrl ? undefined : readText(from), jwks === undefined ? undefined : readText(jwks), ca === undefined ? undefined : readText(ca)]
  if (!isUrl && text === undefined) return { why: `There is no file ${from}. An issuer begins with https://.`, exitCode: exitCodes.notFound }
  if (jwks !== undefined && keysText === undefined) return usage(`--jwks ${jwks} cannot be read.`)
  if (ca !== undefined && !/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(authorityPem ?? '')) return usage(`--ca ${ca} is no file of certificates in PEM.`)
  if (out !== undefined && force !== true && readText(out) !== undefined) return usage(`${out} is there already. Choose another file, or give --force to write over it.`)
  return { isTransportWanted: tls === true, ...(text === undefined ? { issuer: from } : { text }), ...(keysText === undefined ? {} : { keysText }), ...(authorityPem === undefined ? {} : { authorityPem }) }
}

function judgeAddress (address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hash !== '' || url.username !== '' || url.password !== '') return `${address} is no issuer: it must be an https URL without a fragment (RFC 8414 §2).`
  if (url.search !== '' && !url.pathname.includes('/.well-known/')) return `${address} is no issuer: it must have no query (RFC 8414 §2).`
  if (url.protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return `${address}: http is for loopback only, because anybody on the way could change what is imported.`
  return undefined
}

function deliver (profile: Authz.ImportedProfile, { out, json }: ImportOptions, terminal: Terminal, authz: typeof Authz): number | Failure {
  const yaml = authz.writeFragment(profile)
  if (out !== undefined) {
    try {
      writeFileSync(out, yaml)
    } catch (error) {
      return { why: `${out} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown cause'}.`, exitCode: exitCodes.failure }
    }
  }
  if (json === true) terminal.out(authz.renderImportJson(profile))
  else if (out === undefined) terminal.out(yaml.trimEnd())
  if (json !== true) (out === undefined ? terminal.err : terminal.out)(authz.renderImport(profile))
  if (out !== undefined) terminal.err(`Wrote ${out}. Check it with: sandgate --config ${out} config check`)
  return exitCodes.ok
}

function caHint (why: string): string {
  return why.includes('not trusted') ? ' Give its CA with --ca.' : ''
}
