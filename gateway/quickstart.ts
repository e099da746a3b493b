import { relative } from 'node:path'
import type { Config } from '../config/index.ts'
import type { Secret } from '../kernel/index.ts'
import type { Origins } from './compose.ts'
import type { FirstSandbox } from './first-sandbox.ts'

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
    ...(first === undefined ? [] : describeFirst(first, config, origins)),
    '',
  ]
  return lines.join('\n')
}

function describeFirst (first: FirstSandbox, config: Config, { publicOrigin, mtlsOrigin }: Origins): string[] {
  const file = (path: string): string => relative(process.cwd(), path) || path
  const token = config.profile.paths.token
  const scopes = `${config.apis[0]?.scopes.read ?? ''} ${config.apis[0]?.scopes.write ?? ''}`
  const tls = `--cacert ${file(first.files.authority)} --cert ${file(first.files.certificate)} --key ${file(first.files.key)}`
  return [
    '',
    `  Your sandbox     ${first.sandboxId}    files in ${file(first.directory)}/`,
    `  Sandbox key      ${first.sandboxKey}    opens /sandbox: reset, requests, webhooks`,
    `  Client           ${first.client.id}  secret ${first.client.secret}`,
    `  mTLS client      ${first.mtlsClientId}  with client.pem and client.key`,
    `  Test users       ${first.testUsers.join(', ')}`,
    `  CA               ${file(first.files.authority)}`,
    '',
    '  Paste these:',
    '',
    '  # A certificate-bound token over mutual TLS',
    `  TOKEN=$(curl -s ${tls} ${mtlsOrigin}${token} -d grant_type=client_credentials -d client_id=${first.mtlsClientId} --data-urlencode 'scope=${scopes}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    '',
    '  # Make a payment that is confirmed, and one that is declined on purpose',
    `  curl -s ${tls} ${mtlsOrigin}/v1/payments -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"amount":1999,"currency":"EUR","payment_method":"pm_card_visa","confirm":true}'`,
    `  curl -s --cacert ${file(first.files.authority)} ${publicOrigin}/sandbox/triggers -H 'Authorization: Bearer ${first.sandboxKey}'`,
    '',
    '  # Why was I refused? Ask with the x-request-id of any answer',
    `  curl -s --cacert ${file(first.files.authority)} ${publicOrigin}/sandbox/requests -H 'Authorization: Bearer ${first.sandboxKey}'`,
    '',
    '  # Back to the baseline',
    `  curl -s --cacert ${file(first.files.authority)} -X POST ${publicOrigin}/sandbox/reset -H 'Authorization: Bearer ${first.sandboxKey}'`,
  ]
}
