import { choice, count, duration, flag, list, section, text } from './fields.ts'

const TestUserSchema = section('A person who can log in to a sandbox.', {
  username: text({ description: 'What the person types to log in.', pattern: '^[A-Za-z0-9._@+-]{1,64}$', shape: '1 to 64 letters, digits and . _ @ + -' }),
  name: text({ description: 'Full name, the claim `name`.', minLength: 1, maxLength: 200 }),
  email: text({ description: 'Address in a reserved domain (RFC 2606), the claim `email`.', pattern: '^[^\\s@]+@[^\\s@]+$', shape: 'an e-mail address' }),
  test_password: text({ description: 'A made-up password that the login page asks for; empty: one click signs in.', default: '', maxLength: 200 }),
  locked: flag({ description: 'Every sign-in fails: the account is locked.', default: false }),
  password_expired: flag({ description: 'Every sign-in fails: the password has expired.', default: false }),
  mfa_required: flag({ description: 'Signing in takes a one-time code: 123456 is right, every other one wrong.', default: false }),
  consent_denied: flag({ description: 'Signs in, then denies access.', default: false }),
  slow: count({ description: 'Seconds until a sign-in is answered.', default: 0, minimum: 0, maximum: 30, unit: 'seconds' }),
  backchannel: choice(['wait', 'approve', 'deny', 'ignore'], { description: 'What the other device does with a backchannel request (CIBA): waits for a decision by the API, approves, denies, or never answers.', default: 'wait' }),
  backchannel_after: count({ description: 'Seconds until the other device answers by itself.', default: 0, minimum: 0, maximum: 300, unit: 'seconds' })
})

const scope = text({ description: 'A scope.', means: 'scope' })
const redirectUri = text({ description: 'A redirect URI.', means: 'redirect-uri' })

/** What a new sandbox starts with. */
export const SandboxesSchema = section('What a new sandbox starts with.', {
  test_users: list(TestUserSchema, {
    description: 'The test users of a new sandbox.',
    default: [
      { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' },
      { username: 'bjorn', name: 'Björn Þórsson', email: 'bjorn@example.test' },
      { username: 'chiyo', name: '田中 千代', email: 'chiyo@example.test' },
      { username: 'password', name: 'Paula Password', email: 'password@example.test', test_password: 'open-sesame' },
      { username: 'locked', name: 'Lars Locked', email: 'locked@example.test', locked: true },
      { username: 'expired', name: 'Emil Expired', email: 'expired@example.test', password_expired: true },
      { username: 'mfa', name: 'Mia Multifactor', email: 'mfa@example.test', mfa_required: true },
      { username: 'denies', name: 'Dana Denies', email: 'denies@example.test', consent_denied: true },
      { username: 'slow', name: 'Sina Slow', email: 'slow@example.test', slow: 5 },
      { username: 'ciba-approves', name: 'Ava Approves', email: 'ciba-approves@example.test', backchannel: 'approve', backchannel_after: 2 },
      { username: 'ciba-denies', name: 'Deniz Denies', email: 'ciba-denies@example.test', backchannel: 'deny', backchannel_after: 2 },
      { username: 'ciba-ignores', name: 'Igor Ignores', email: 'ciba-ignores@example.test', backchannel: 'ignore' }
    ]
  }),
  client_scopes: list(scope, { description: 'Scopes of the first client of a new sandbox.', default: ['openid', 'offline_access', 'profile', 'email', 'payments:read', 'payments:write'], isSet: true }),
  redirect_uris: list(redirectUri, { description: 'Redirect URIs of the first client of a new sandbox.', default: ['http://127.0.0.1:7777/callback'], isSet: true }),
  certificate_lifetime: duration({ description: 'Validity of certificates issued to a sandbox, unless another is asked for.', default: '7d', minimumMs: 1000 }),
  certificate_lifetime_maximum: duration({ description: 'The longest validity that can be asked for.', default: '90d', minimumMs: 1000 }),
  certificates_maximum: count({ description: 'Certificates that one sandbox may have at once; those over since a day do not count.', default: 200, minimum: 1, maximum: 1000, unit: 'certificates' }),
  maximum_per_account: count({ description: 'Sandboxes that one account may own at once.', default: 5, minimum: 1, maximum: 10_000, unit: 'sandboxes' })
})
