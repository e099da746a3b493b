import type { Test } from 'tap'
import type { NewSandbox } from '../../gateway/control/index.ts'
import { isMissing, runTool } from './certs-openssl.ts'
import { startTestGateway, type Answer, type TestGateway } from './gateway.ts'

/** What `POST /sandbox/certificates` answers. */
export interface Made { readonly serial: string, readonly certificate: string, readonly private_key: string, readonly ca_certificate: string, readonly subject_dn: string }

export interface CertificateFlow {
  readonly sandgate: TestGateway
  readonly sandbox: NewSandbox
  /** The sandbox key, and an access token that is bound to no certificate. */
  readonly key: string
  readonly bearer: string
  readonly create: (body: object) => Promise<Answer>
  /** The same, for what must succeed. */
  readonly made: (body: object) => Promise<Made>
  readonly curl: (files: Record<string, string | Uint8Array>, parameters: readonly string[]) => Promise<{ status: number, json: { code?: string, access_token?: string } }>
  /** Calls the API through the mutual-TLS door with curl: 200, or status and code. */
  readonly atDoor: (pair: Pick<Made, 'certificate' | 'private_key'>) => Promise<string | number>
  /** What `openssl verify` says with the revocation list as it is now. */
  readonly verifyByOpenssl: (certificate: string) => Promise<string>
}

/** A reason to skip where curl or OpenSSL are missing. */
export async function missingTools (): Promise<string | false> {
  return await isMissing('openssl', 'version') || await isMissing('curl', '--version')
}

/** An installation with one sandbox, and curl and OpenSSL as its clients. */
export async function openCertificateFlow (t: Test, settings: Readonly<Record<string, unknown>> = {}): Promise<CertificateFlow> {
  const sandgate = await startTestGateway(settings)
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const key = sandbox.key.reveal()
  const bearer = await sandgate.tokenFor(sandbox, { door: 'public' })
  const create = async (body: object): Promise<Answer> => await sandgate.call('POST', '/sandbox/certificates', { token: key, body })
  const curl: CertificateFlow['curl'] = async (files, parameters) => {
    const { output } = await runTool('curl', ['-s', '-w', '\n%{http_code}', '--cacert', 'ca.pem', ...parameters], { 'ca.pem': sandgate.authorityPem, ...files })
    const lines = output.trim().split('\n')
    return { status: Number(lines.at(-1)), json: JSON.parse(lines.slice(0, -1).join('\n') || '{}') as { code?: string } }
  }
  return {
    sandgate,
    sandbox,
    key,
    bearer,
    create,
    curl,
    made: async (body) => {
      const { status, json, text } = await create(body)
      if (status !== 201) throw new Error(`${status} ${text}`)
      return json as Made
    },
    atDoor: async ({ certificate, private_key: privateKey }) => {
      const { status, json } = await curl({ 'c.pem': certificate, 'c.key': privateKey }, ['--cert', 'c.pem', '--key', 'c.key', '-H', `Authorization: Bearer ${bearer}`, `${sandgate.mtlsUrl}/v1/customers`])
      return status === 200 ? status : `${status} ${json.code ?? ''}`
    },
    verifyByOpenssl: async (certificate) => (await runTool('openssl', ['verify', '-crl_check', '-CAfile', 'ca.pem', '-CRLfile', 'l.pem', 'c.pem'], {
      'ca.pem': sandgate.authorityPem, 'l.pem': (await sandgate.call('GET', '/sandbox/pki/crl.pem')).text, 'c.pem': certificate,
    })).output,
  }
}
