import { count, duration, list, section, text } from './fields.ts'

const TestUserSchema = section('A person who can log in to a sandbox.', {
  username: text({ description: 'What the person types to log in.', pattern: '^[A-Za-z0-9._@+-]{1,64}$', shape: '1 to 64 letters, digits and . _ @ + -' }),
  name: text({ description: 'Full name, the claim `name`.', minLength: 1, maxLength: 200 }),
  email: text({ description: 'Address in a reserved domain (RFC 2606), the claim `email`.', pattern: '^[^\\s@]+@[^\\s@]+$', shape: 'an e-mail address' }),
  test_password: text({ description: 'A made-up password that the login page asks for; empty: one click signs in.', default: '', maxLength: 200 }),
  conditions: list(text({
    description: 'A condition.',
    pattern: '^(locked|password_expired|mfa_required|consent_denied|slow:([1-9]|[12][0-9]|30)|backchannel:(approve|deny|ignore)(:[0-9]{1,2}|:[12][0-9]{2}|:300)?)$',
    shape: 'locked, password_expired, mfa_required, consent_denied, slow:<1 to 30 seconds> or backchannel:<approve, deny or ignore>:<0 to 300 seconds>'
  }), { description: 'What happens when this person signs in: see test-users.md.', default: [], isSet: true })
})

const scope = text({ description: 'A scope.', means: 'scope' })
const redirectUri = text({ description: 'A redirect URI.', means: 'redirect-uri' })

/** What a new sandbox starts with. */
export const SandboxesSchema = section('What a new sandbox starts with.', {
  test_users: list(TestUserSchema, {
    description: 'The test users of a new sandbox.',
    default: [
      { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test', test_password: '', conditions: [] },
      { username: 'bjorn', name: 'Björn Þórsson', email: 'bjorn@example.test', test_password: '', conditions: [] },
      { username: 'chiyo', name: '田中 千代', email: 'chiyo@example.test', test_password: '', conditions: [] },
      { username: 'password', name: 'Paula Password', email: 'password@example.test', test_password: 'open-sesame', conditions: [] },
      { username: 'locked', name: 'Lars Locked', email: 'locked@example.test', test_password: '', conditions: ['locked'] },
      { username: 'expired', name: 'Emil Expired', email: 'expired@example.test', test_password: '', conditions: ['password_expired'] },
      { username: 'mfa', name: 'Mia Multifactor', email: 'mfa@example.test', test_password: '', conditions: ['mfa_required'] },
      { username: 'denies', name: 'Dana Denies', email: 'denies@example.test', test_password: '', conditions: ['consent_denied'] },
      { username: 'slow', name: 'Sina Slow', email: 'slow@example.test', test_password: '', conditions: ['slow:5'] },
      { username: 'ciba-approves', name: 'Ava Approves', email: 'ciba-approves@example.test', test_password: '', conditions: ['backchannel:approve:2'] },
      { username: 'ciba-denies', name: 'Deniz Denies', email: 'ciba-denies@example.test', test_password: '', conditions: ['backchannel:deny:2'] },
      { username: 'ciba-ignores', name: 'Igor Ignores', email: 'ciba-ignores@example.test', test_password: '', conditions: ['backchannel:ignore'] }
    ]
  }),
  client_scopes: list(scope, { description: 'Scopes of the first client of a new sandbox.', default: ['openid', 'offline_access', 'profile', 'email', 'payments:read', 'payments:write'], isSet: true }),
  redirect_uris: list(redirectUri, { description: 'Redirect URIs of the first client of a new sandbox.', default: ['http://127.0.0.1:7777/callback'], isSet: true }),
  certificate_lifetime: duration({ description: 'Validity of certificates issued to a sandbox, unless another is asked for.', default: '7d', minimumMs: 1000 }),
  certificate_lifetime_maximum: duration({ description: 'The longest validity that can be asked for.', default: '90d', minimumMs: 1000 }),
  certificates_maximum: count({ description: 'Certificates that one sandbox may have at once; those over since a day do not count.', default: 200, minimum: 1, maximum: 1000, unit: 'certificates' }),
  maximum_per_account: count({ description: 'Sandboxes that one account may own at once.', default: 5, minimum: 1, maximum: 10_000, unit: 'sandboxes' })
})
