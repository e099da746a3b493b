import { join, relative } from 'node:path'
import type { Config } from '../config/index.ts'
import type { Secret } from '../kernel/index.ts'
import type { Origins } from './compose.ts'
import { CLIENT_KEY, type FirstSandbox } from './first-sandbox.ts'

/** What is shown at start: addresses, credentials, and commands that work when pasted. */
export function formatQuickstart ({ config, first, origins, operatorToken }: { readonly config: Config, readonly first: FirstSandbox | undefined, readonly origins: Origins, readonly operatorToken: Secret | undefined }): string {
  const lines = [
    '',
    '  Sandgate is running.',
    '',
    `  Public door      ${origins.publicOrigin}    discovery at /.well-known/openid-configuration`,
    `  mutual-TLS door  ${origins.mtlsOrigin}    client certificate required`,
    `  Console          ${origins.publicOrigin}/console/`,
    `  Ops (local)      ${origins.opsOrigin}/metrics   /livez   /readyz`,
    ...(operatorToken === undefined ? [] : ['', `  Operator's token (shown this once): ${operatorToken.reveal()}`]),
    ...(first === undefined ? [] : describeFirst(first, config)),
    '',
  ]
  return lines.join('\n')
}

function describeFirst (first: FirstSandbox, config: Config): string[] {
  const file = (path: string): string => relative(process.cwd(), path) || path
  const { read = '', write = '' } = config.apis[0]?.scopes ?? {}
  const { token } = config.profile.paths
  return [
    '',
    `  Your sandbox     ${first.sandboxId}    files in ${file(first.directory)}/`,
    `  Sandbox key      ${first.sandboxKey}    opens /sandbox: reset, requests, webhooks`,
    `  Client           ${first.client.id}  ${first.client.secret === undefined ? `${first.client.authMethod}, key in ${CLIENT_KEY}` : `secret ${first.client.secret}`}`,
    `  mTLS client      ${first.mtlsClientId}  with client.pem and client.key`,
    `  Test users       ${first.testUsers.join(', ')}`,
    `  CA               ${file(first.files.authority)}`,
    '',
    '  Paste these:',
    '',
    `  . ./${file(join(first.directory, 'env'))}`,
    '',
    '  # A certificate-bound token over mutual TLS',
    `  TOKEN=$(curl -s --cacert "$CA" --cert "$CERT" --key "$KEY" $MTLS${token} -d grant_type=client_credentials -d client_id=$MTLS_CLIENT_ID --data-urlencode 'scope=${read} ${write}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    '',
    ...describePayment(config),
    '  # Why was one refused? (or look at the console)',
    '  curl -sw "\\n" --cacert "$CA" $PUBLIC/sandbox/requests -H "Authorization: Bearer $SANDBOX_KEY"',
    '',
    '  # Back to the baseline',
    '  curl -sw "\\n" --cacert "$CA" -X POST $PUBLIC/sandbox/reset -H "Authorization: Bearer $SANDBOX_KEY"',
  ]
}

/** The shipped API deserves a real call; of any other one we know no operation. */
function describePayment ({ apis }: Config): string[] {
  if (!apis.some(({ name, kind }) => kind === 'core' && name === 'payments')) return []
  const call = (amount: number): string => `  curl -sw '\\n' --cacert "$CA" --cert "$CERT" --key "$KEY" $MTLS/v1/payments -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"amount":${amount},"currency":"eur","payment_method":"pm_card_visa","confirm":true}'`
  return ['  # A payment that succeeds, and the amount that always declines', call(1999), call(4002), '']
}
