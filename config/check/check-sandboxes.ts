import type { Violation } from '../problem.ts'
import type { CrossCheck } from './check.ts'

/** RFC 2606 and RFC 6761: domains that never belong to anybody. */
const RESERVED_DOMAIN = /(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|net|org))$/i

/** Refuses two test users of one name or address, and addresses that could belong to a person. */
export const checkSandboxes: CrossCheck = {
  reads: [['sandboxes', 'test_users']],
  run: ({ sandboxes }) => sandboxes.test_users.flatMap((user, index): Violation[] => {
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
