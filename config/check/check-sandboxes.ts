import type { Violation } from '../problem.ts'
import { parseDurationMs } from '../../kernel/index.ts'
import type { ConfigDocument, CrossCheck } from './check.ts'

/** RFC 2606 and RFC 6761: domains that never belong to anybody. */
const RESERVED_DOMAIN = /(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|net|org))$/i

/** Refuses two test users of one name or address, addresses that could belong to a person, and a usual lifetime of certificates beyond the longest. */
export const checkSandboxes: CrossCheck = {
  reads: [['sandboxes', 'test_users'], ['sandboxes', 'certificate_lifetime'], ['sandboxes', 'certificate_lifetime_maximum']],
  run: (config) => [...checkLifetime(config), ...checkTestUsers(config)]
}

function checkLifetime ({ sandboxes: { certificate_lifetime: usual, certificate_lifetime_maximum: longest } }: ConfigDocument): Violation[] {
  if ((parseDurationMs(usual) ?? 0) <= (parseDurationMs(longest) ?? 0)) return []
  return [{ path: ['sandboxes', 'certificate_lifetime'], part: 'value', found: `${usual}, longer than sandboxes.certificate_lifetime_maximum (${longest})`, expected: `at most ${longest}`, hint: '' }]
}

function checkTestUsers ({ sandboxes }: ConfigDocument): Violation[] {
  return sandboxes.test_users.flatMap((user, index): Violation[] => {
    const earlier = sandboxes.test_users.slice(0, index)
    const violations: Violation[] = []
    const tell = (key: string, found: string, expected: string, hint: string): void => {
      violations.push({ path: ['sandboxes', 'test_users', index, key], part: 'value', found, expected, hint })
    }
    if (earlier.some(({ username }) => username === user.username)) tell('username', `${user.username} a second time`, 'a user name of its own', '')
    if (earlier.some(({ email }) => email.toLowerCase() === user.email.toLowerCase())) tell('email', `${user.email} a second time`, 'an address of its own', '')
    const domain = user.email.split('@')[1] ?? ''
    if (!RESERVED_DOMAIN.test(domain)) tell('email', JSON.stringify(user.email), 'an address in a reserved domain (RFC 2606)', `Write ${user.username}@example.test: an address of a real domain may belong to a person.`)
    return violations
  })
}
