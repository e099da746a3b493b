import { count, duration, list, section, text } from './fields.ts'

const TestUserSchema = section('A person who can log in to a sandbox.', {
  username: text({ description: 'What the person types to log in.', pattern: '^[A-Za-z0-9._@+-]{1,64}$', shape: '1 to 64 letters, digits and . _ @ + -' }),
  name: text({ description: 'Full name, the claim `name`.', minLength: 1, maxLength: 200 }),
  email: text({ description: 'Address in a reserved domain (RFC 2606), the claim `email`.', pattern: '^[^\\s@]+@[^\\s@]+$', shape: 'an e-mail address' })
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
      { username: 'chiyo', name: '田中 千代', email: 'chiyo@example.test' }
    ]
  }),
  client_scopes: list(scope, { description: 'Scopes of the first client of a new sandbox.', default: ['openid', 'offline_access', 'profile', 'email', 'payments:read', 'payments:write'], isSet: true }),
  redirect_uris: list(redirectUri, { description: 'Redirect URIs of the first client of a new sandbox.', default: ['http://127.0.0.1:7777/callback'], isSet: true }),
  certificate_lifetime: duration({ description: 'Validity of certificates issued to a sandbox, unless another is asked for.', default: '7d', minimumMs: 1000 }),
  certificate_lifetime_maximum: duration({ description: 'The longest validity that can be asked for.', default: '90d', minimumMs: 1000 }),
  certificates_maximum: count({ description: 'Certificates that one sandbox may have at once; those over since a day do not count.', default: 200, minimum: 1, maximum: 1000, unit: 'certificates' }),
  maximum_per_account: count({ description: 'Sandboxes that one account may own at once.', default: 5, minimum: 1, maximum: 10_000, unit: 'sandboxes' })
})
