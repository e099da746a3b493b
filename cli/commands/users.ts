import type { Command } from 'commander'
import { controlCommandsOf } from '../control-command.ts'
import { pickDefined, readCount, readObject } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

interface UserOptions {
  readonly name?: string
  readonly email?: string
  readonly testPassword?: string
  readonly claims?: object
  readonly locked?: true
  readonly passwordExpired?: true
  readonly mfaRequired?: true
  readonly consentDenied?: true
  readonly slow?: number
  readonly backchannel?: string
  readonly user?: string
  readonly otp?: string
}

/** The people of a sandbox, and what they would do on another device. */
export function addUserCommands (program: Command, terminal: Terminal): void {
  const add = controlCommandsOf<UserOptions>(terminal)
  const users = program.command('users').description('test users: who can sign in, and what happens then')
  add(users, 'list', 'test users with their conditions', 'developer', () => ['GET', '/sandbox/users'])
  add(users, 'show <user>', 'one, by user name or sub', 'developer', ([user]) => ['GET', pathOf(user)])
  withUserOptions(add(users, 'create <username>', 'make a test user', 'developer', ([username], options) => ['POST', '/sandbox/users', { username, ...bodyOf(options) }]))
  withUserOptions(add(users, 'change <user>', 'change what is given; the conditions as a whole', 'developer', ([user], options) => ['PATCH', pathOf(user), bodyOf(options)]))
  add(users, 'delete <user>', 'remove a test user; consents and tokens end at once', 'developer', ([user]) => ['DELETE', pathOf(user)])
  add(users, 'consents <user>', 'what the user allowed which client', 'developer', ([user]) => ['GET', `${pathOf(user)}/consents`])
  add(users, 'revoke <user>', 'end all that the user consented to', 'developer', ([user]) => ['DELETE', `${pathOf(user)}/consents`])

  const device = program.command('device').description('codes that devices show (RFC 8628)')
  for (const [name, what] of [['approve', 'sign a device in as a test user'], ['deny', 'refuse a device']] as const) {
    add(device, `${name} <user-code>`, what, 'developer', ([code], { user, otp }) => ['POST', '/sandbox/device-approvals', { user_code: code, user, decision: name, ...(otp === undefined ? {} : { otp }) }])
      .requiredOption('--user <username>', 'the test user who decides')
      .option('--otp <code>', 'the one-time code, for a user with mfa_required')
  }

  const ciba = program.command('ciba').description('requests on a test user\'s other device (CIBA)')
  add(ciba, 'list', 'requests, newest first', 'developer', () => ['GET', '/sandbox/backchannel-requests'])
  for (const name of ['approve', 'deny'] as const) {
    add(ciba, `${name} <auth-req-id>`, `${name} one in the user's place`, 'developer', ([id = '']) => ['POST', `/sandbox/backchannel-requests/${encodeURIComponent(id)}`, { decision: name }])
  }
}

function withUserOptions (command: Command): Command {
  return command
    .option('--name <name>', 'full name')
    .option('--email <address>', 'in a reserved domain; another one is replaced')
    .option('--test-password <text>', 'a made-up password that the login page asks for')
    .option('--claims <json>', 'further claims, as a JSON object', (text) => readObject(text, '{"given_name":"Amira"}'))
    .option('--locked', 'every sign-in fails')
    .option('--password-expired', 'every sign-in fails')
    .option('--mfa-required', 'a one-time code is asked for: 123456')
    .option('--consent-denied', 'signs in, then denies')
    .option('--slow <seconds>', 'a sign-in is answered so late', readCount)
    .option('--backchannel <decision>', 'the other device (CIBA): approve, deny or ignore, with seconds as approve:5')
}

function bodyOf ({ name, email, testPassword, claims, ...conditions }: UserOptions): object {
  const { locked, passwordExpired, mfaRequired, consentDenied, slow, backchannel } = conditions
  const given = pickDefined({ locked, password_expired: passwordExpired, mfa_required: mfaRequired, consent_denied: consentDenied, slow, backchannel: backchannel === undefined ? undefined : readBackchannel(backchannel) })
  return { ...pickDefined({ name, email, test_password: testPassword, claims }), ...(Object.keys(given).length === 0 ? {} : { conditions: given }) }
}

/** What is wrong with it the control API says, by name. */
function readBackchannel (text: string): object {
  const [decision, seconds] = text.split(':')
  return seconds === undefined ? { decision } : { decision, after_seconds: Number(seconds) }
}

function pathOf (user = ''): string {
  return `/sandbox/users/${encodeURIComponent(user)}`
}
