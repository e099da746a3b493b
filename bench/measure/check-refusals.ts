import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import type { CertificatePair, Materials } from '../protocol.ts'

/** What was shown to a door and how it answered; `handshake` when it did not come to an answer. */
export interface RefusalCheck {
  readonly outcomes: Readonly<Record<string, number | 'handshake'>>
  /** What it let through, or refused although it was good. Empty: it enforces. */
  readonly problems: readonly string[]
}

/** Shows a door what it must refuse, and twice what it must not. A door that lets one of them pass does another job than the others. */
export async function checkRefusals (port: number, materials: Materials): Promise<RefusalCheck> {
  const { client, otherClient, bad, tokens } = materials
  const good = tokens[0]!
  const shown: ReadonlyArray<readonly [name: string, certificate: CertificatePair | undefined, token: string | undefined, isGood: boolean]> = [
    ['good', client, good, true],
    ['bad signature', client, bad.tampered, false],
    ['alg none', client, bad.unsigned, false],
    ['expired', client, bad.expired, false],
    ['wrong audience', client, bad.wrongAudience, false],
    ['no token', client, undefined, false],
    ['no certificate', undefined, good, false],
    ['another certificate', otherClient, good, false],
    ['good again', client, good, true],
    ['another certificate again', otherClient, good, false],
  ]
  const outcomes: Record<string, number | 'handshake'> = {}
  const problems: string[] = []
  for (const [name, certificate, token, isGood] of shown) {
    const status = await ask(port, materials, certificate, token)
    outcomes[name] = status
    const isPassed = typeof status === 'number' && status >= 200 && status < 300
    const isRefused = status === 'handshake' || (status >= 400 && status < 500)
    if (isGood ? !isPassed : !isRefused) problems.push(`${name}: ${status}`)
  }
  return { outcomes, problems }
}

async function ask (port: number, { authorityFile, customerPath }: Materials, certificate: CertificatePair | undefined, token: string | undefined): Promise<number | 'handshake'> {
  return await new Promise((resolve) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      path: customerPath,
      agent: false,
      ca: readFileSync(authorityFile),
      timeout: 10_000,
      ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem }),
      headers: { host: `localhost:${port}`, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 'handshake')
    })
    asked.on('error', () => resolve('handshake'))
    asked.on('timeout', () => {
      resolve(0)
      asked.destroy()
    })
    asked.end()
  })
}
