import { createHmac } from 'node:crypto'
import { generateSigningKey } from '../authz/index.ts'
import type { JWK } from 'jose'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRootCertificate } from '../certs/index.ts'
import type { Config } from '../config/index.ts'
import { randomToken, Secret, type Clock } from '../kernel/index.ts'

/** Keys and secrets that an installation keeps. */
export interface Material {
  readonly authority: { readonly certificatePem: string, readonly keyPem: string }
  /** Private keys that sign tokens; the first of each algorithm signs until it is rotated. */
  readonly signingKeys: readonly JWK[]
  readonly cookieSecrets: readonly Secret[]
  readonly scrubSecret: Secret
  /** Keys what abuse rules count by; derived, so that it is as shared as the scrub secret is. */
  readonly abuseSecret: Secret
  readonly operatorToken: Secret
  /** True until an installation with generated keys has started once: the operator's token has to be shown. */
  readonly isFirstStart: boolean
  /** Says that it has started. */
  readonly rememberStart: () => void
}

interface KeptSecrets { readonly cookie: string, readonly scrub: string, readonly operator: string }

const ROOT_LIFETIME_MS = 3650 * 86_400_000

/**
 * Takes the key material that the configuration names, and makes the rest once, under `var_directory`. Files with private
 * parts are readable by their owner alone.
 */
export async function openMaterial ({ keys, varDirectory, profile, production }: Pick<Config, 'keys' | 'varDirectory' | 'profile' | 'production'>, clock: Clock): Promise<Material> {
  const directory = join(varDirectory, 'keys')
  if (!production) mkdirSync(directory, { recursive: true, mode: 0o700 })
  const started = join(directory, 'started')
  const kept = production ? undefined : JSON.parse(await keep(join(directory, 'secrets.json'), makeSecrets)) as KeptSecrets
  const choose = (configured: Secret, made: string | undefined): Secret => configured.reveal() === '' ? new Secret(made ?? '') : configured
  const scrubSecret = choose(keys.scrubSecret, kept?.scrub)
  return {
    authority: await openAuthorityMaterial(keys, directory, clock),
    signingKeys: await openSigningKeys(keys.signingKeysFile, directory, profile),
    cookieSecrets: keys.cookieSecrets.length > 0 ? keys.cookieSecrets : [new Secret(kept?.cookie ?? '')],
    scrubSecret,
    abuseSecret: new Secret(createHmac('sha256', scrubSecret.reveal()).update('abuse signals').digest('base64url')),
    operatorToken: choose(keys.operatorToken, kept?.operator),
    isFirstStart: !production && !existsSync(started),
    rememberStart: () => { if (!production) writeFileSync(started, '', { mode: 0o600 }) },
  }
}

async function openAuthorityMaterial (keys: Config['keys'], directory: string, clock: Clock): Promise<Material['authority']> {
  if (keys.caCertificateFile !== '') return { certificatePem: readFileSync(keys.caCertificateFile, 'utf8'), keyPem: readFileSync(keys.caKeyFile, 'utf8') }
  const text = await keep(join(directory, 'authority.json'), async () => {
    const { certificatePem, keyPem } = await createRootCertificate({ commonName: 'Sandgate development CA', lifetimeMs: ROOT_LIFETIME_MS, clock })
    return JSON.stringify({ certificatePem, keyPem })
  })
  return JSON.parse(text) as Material['authority']
}

async function openSigningKeys (file: string, directory: string, { signingAlgorithm, moreSigningAlgorithms, rsaKeyBits }: Config['profile']): Promise<readonly JWK[]> {
  if (file !== '') return readKeySet(readFileSync(file, 'utf8'))
  const algorithms = [...new Set([signingAlgorithm, ...moreSigningAlgorithms])]
  const sets = await Promise.all(algorithms.map(async (algorithm) => {
    // A key of another size is another key; the usual size has the short name.
    const size = /^[RP]S/.test(algorithm) && rsaKeyBits !== 2048 ? `-${rsaKeyBits}` : ''
    return readKeySet(await keep(join(directory, `signing-${algorithm}${size}.json`), async () => JSON.stringify({ keys: [await generateSigningKey(algorithm, randomToken(9), rsaKeyBits)] })))
  }))
  return sets.flat()
}

function readKeySet (text: string): readonly JWK[] {
  return (JSON.parse(text) as { readonly keys: readonly JWK[] }).keys
}

function makeSecrets (): string {
  return JSON.stringify({ cookie: randomToken(), scrub: randomToken(), operator: `sgop_${randomToken(24)}` } satisfies KeptSecrets)
}

/** The text of a file, made first if there is none. */
async function keep (file: string, make: () => string | Promise<string>): Promise<string> {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const text = await make()
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  chmodSync(file, 0o600)
  return text
}
