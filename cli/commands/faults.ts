import type { Command } from 'commander'
import { controlCommandsOf } from '../control-command.ts'
import { pickDefined } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

interface FaultOptions {
  readonly endpoint?: string
  readonly client?: string
  readonly operation?: string
  readonly error?: string
  readonly errorDescription?: string
  readonly status?: string
  readonly body?: string
  readonly delay?: string
  readonly retryAfter?: string
  readonly times?: string
  readonly for?: string
}

const KINDS = 'oauth_error, api_error, token_expired, token_revoked, token_binding_lost, slow, drop, rate_limited, dpop_nonce_required, signing_key_rotation'

/** Failures on demand: what should go wrong in the sandbox, so often or so long. */
export function addFaultCommands (program: Command, terminal: Terminal): void {
  const add = controlCommandsOf<FaultOptions>(terminal)
  const faults = program.command('faults').description('failures on demand')
  add(faults, 'add <kind>', `make requests fail: ${KINDS}`, 'developer', ([kind], options) => ['POST', '/sandbox/faults', orderOf(kind ?? '', options)])
    .option('--endpoint <name>', 'token, authorization, introspection, revocation, userinfo, jwks, pushed_authorization_request, device_authorization, backchannel_authentication or api')
    .option('--client <id>', 'only requests of this client')
    .option('--operation <operationId>', 'only this operation of the API')
    .option('--error <code>', 'the OAuth error')
    .option('--error-description <text>', 'its description')
    .option('--status <status>', 'the HTTP status')
    .option('--body <json>', 'the body of api_error')
    .option('--delay <duration>', 'how late slow answers')
    .option('--retry-after <seconds>', 'what rate_limited says')
    .option('--times <count>', 'how often (default: once, or as often as it can within --for)')
    .option('--for <duration>', 'how long at most (default: 1h)')
  add(faults, 'list', 'faults in force', 'developer', () => ['GET', '/sandbox/faults'])
  add(faults, 'end <fault-id>', 'end a fault now', 'developer', ([id = '']) => ['DELETE', `/sandbox/faults/${encodeURIComponent(id)}`])
}

/** Checked by the control API, which says what is wrong; here only text becomes numbers and JSON. */
function orderOf (kind: string, options: FaultOptions): object {
  return pickDefined({
    kind,
    endpoint: options.endpoint,
    client_id: options.client,
    operation: options.operation,
    error: options.error,
    error_description: options.errorDescription,
    status: toNumber(options.status),
    body: options.body === undefined ? undefined : parseLoosely(options.body),
    delay: options.delay,
    retry_after: toNumber(options.retryAfter),
    times: toNumber(options.times),
    for: options.for,
  })
}

function toNumber (text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text
}

/** What is no JSON is sent as a text. */
function parseLoosely (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
