import type { Command } from 'commander'
import { controlCommandsOf } from '../control-command.ts'
import type { Terminal } from '../terminal.ts'

/** Commands that talk to a running installation through its control API. Answers are printed as JSON. */
export function addControlCommands (program: Command, terminal: Terminal): void {
  const add = controlCommandsOf<{ account?: string, name?: string, events?: string, after?: string }>(terminal)
  const sandbox = program.command('sandbox').description('your sandbox')
  add(sandbox, 'show', 'the sandbox that the key belongs to', 'developer', () => ['GET', '/sandbox'])
  add(sandbox, 'reset', 'put the world back to its baseline', 'developer', () => ['POST', '/sandbox/reset'])
  add(sandbox, 'advance <duration>', 'move the clock forward, for instance 60m', 'developer', ([by]) => ['POST', '/sandbox/clock/advance', { by }])
  add(sandbox, 'triggers', 'every magic input and what it causes', 'developer', () => ['GET', '/sandbox/triggers'])
  add(sandbox, 'create', 'make another sandbox (operator)', 'operator', (_args, { account, name }) => ['POST', '/control/sandboxes', { ...(account === undefined ? {} : { account }), ...(name === undefined ? {} : { name }) }])
    .option('--account <id>', 'the account that will own it')
    .option('--name <name>', 'its name')
  add(sandbox, 'list', 'all sandboxes (operator)', 'operator', () => ['GET', '/control/sandboxes'])
  const webhooks = program.command('webhooks').description('webhook endpoints and deliveries')
  add(webhooks, 'add <url>', 'register an endpoint', 'developer', ([url]) => ['POST', '/sandbox/webhooks/endpoints', { url }])
  add(webhooks, 'list', 'registered endpoints', 'developer', () => ['GET', '/sandbox/webhooks/endpoints'])
  add(webhooks, 'deliveries', 'deliveries, newest first', 'developer', () => ['GET', '/sandbox/webhooks/deliveries'])
  add(webhooks, 'replay <delivery-id>', 'deliver a message again', 'developer', ([id = '']) => ['POST', `/sandbox/webhooks/deliveries/${encodeURIComponent(id)}/replay`])
  add(program, 'bans', 'bans in force (operator)', 'operator', () => ['GET', '/control/bans'])
  add(program, 'unban <ban-id>', 'lift a ban (operator)', 'operator', ([id = '']) => ['DELETE', `/control/bans/${encodeURIComponent(id)}`])
  const signingKeys = program.command('signing-keys').description('the keys that sign tokens (operator)')
  add(signingKeys, 'list', 'which key signs, which will, which verifies until when (operator)', 'operator', () => ['GET', '/control/signing-keys'])
  add(signingKeys, 'rotate', 'publish the next key of each algorithm; it signs later (operator)', 'operator', (_args, { after }) => ['POST', '/control/signing-keys/rotate', after === undefined ? {} : { sign_after: after }])
    .option('--after <duration>', 'how long it is published before it signs, for instance 1h; 0s: at once (default: 10m)')
  add(program, 'rules', 'abuse rules and their modes (operator)', 'operator', () => ['GET', '/control/rules'])
}
