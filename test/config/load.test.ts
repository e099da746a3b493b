/* eslint-disable no-template-curly-in-string -- references to variables are what is tested */
import { inspect } from 'node:util'
import path from 'node:path'
import t from 'tap'
import { loadConfig, shippedConfigFile } from '../../config/index.ts'
import { Secret } from '../../kernel/index.ts'
import { loadAccepted, loadText, refusedPaths, writeTemporary } from '../support/config-files.ts'

const SECRET = 'correct-horse-battery-staple-0123456789'

t.test('all problems of a file are told at once, in the order of its lines', async (t) => {
  const outcome = loadText([
    'lisen: {}',
    'listen: { public: { port: 9443 }, shutdown_grace: 10 }',
    'apis: [{ kind: core }]',
    'limits: { address: { limit: 0 } }',
    'webhooks: { allowed_networks: [10.0.0.1/8] }',
    'abuse: { rules_directory: ./nowhere }'
  ].join('\n'))
  t.same(refusedPaths(outcome), ['lisen', 'listen.shutdown_grace', 'apis[0].name', 'apis[0].audience', 'apis[0].openapi', 'apis[0].scopes.read', 'apis[0].scopes.write', 'limits.address.limit', 'webhooks.allowed_networks[0]', 'abuse.rules_directory'])
})

t.test('an unknown key does not hide what the cross checks find', async (t) => {
  t.same(refusedPaths(loadText('unknown: 1\nlisten:\n  mtls: { port: 8443 }\n')), ['unknown', 'listen.mtls.port'])
})

t.test('a file that does not exist is refused with its name', async (t) => {
  const outcome = loadConfig({ file: '/nowhere/sandgate.yaml', environment: {} })
  t.match(outcome, { kind: 'refused', problems: [{ file: '/nowhere/sandgate.yaml', line: 0, found: 'no such file' }] })
})

t.test('a file that is not UTF-8 is refused', async (t) => {
  const outcome = loadConfig({ file: writeTemporary('latin1.yaml', Buffer.from([0x23, 0xe9, 0x0a])), environment: {} })
  t.match(outcome, { kind: 'refused', problems: [{ found: 'bytes that are not UTF-8' }] })
})

t.test('an override that no key has is refused, and the near key is named', async (t) => {
  const outcome = loadText('', { environment: { SANDGATE__LIMITS__ADRESS__LIMIT: '5' } })
  t.match(outcome, { kind: 'refused', problems: [{ file: 'environment SANDGATE__LIMITS__ADRESS__LIMIT', line: 0, found: 'the unknown key adress', hint: 'Did you mean address?' }] })
})

t.test('an override of a wrong type is refused with the name of the variable', async (t) => {
  const outcome = loadText('', { environment: { SANDGATE__LISTEN__OPS__PORT: 'many' } })
  t.match(outcome, { kind: 'refused', problems: [{ file: 'environment SANDGATE__LISTEN__OPS__PORT', path: 'listen.ops.port', found: '"many"' }] })
})

t.test('a flag that no key has is refused', async (t) => {
  const outcome = loadText('', { overrides: [{ path: 'listen.publik.port', value: '1' }] })
  t.match(outcome, { kind: 'refused', problems: [{ file: 'flag listen.publik.port', hint: 'Did you mean public?' }] })
})

t.test('a variable and its _FILE at once are refused', async (t) => {
  const outcome = loadText('keys: { operator_token: "${TOKEN}" }', { environment: { TOKEN: SECRET, TOKEN_FILE: '/nowhere' } })
  t.match(outcome, { kind: 'refused', problems: [{ path: 'keys.operator_token', hint: 'Unset TOKEN or TOKEN_FILE.' }] })
})

t.test('a _FILE that does not exist is refused', async (t) => {
  const outcome = loadText('keys: { operator_token: "${TOKEN}" }', { environment: { TOKEN_FILE: '/nowhere/token' } })
  t.match(outcome, { kind: 'refused', problems: [{ path: 'keys.operator_token', found: 'TOKEN_FILE with no such file' }] })
})

t.test('a variable cannot add structure to the file', async (t) => {
  const outcome = loadText('listen: { public_host: "${HOST}" }', { environment: { HOST: 'localhost }\nproduction: true' } })
  t.same(refusedPaths(outcome), ['listen.public_host'])
})

t.test('the default scopes are refused when the APIs are others', async (t) => {
  const outcome = loadText([
    'apis:', '  - name: ledger', '    kind: upstream', '    prefix: /ledger', '    upstream: http://127.0.0.1:4000',
    '    audience: https://api.ledger.example', '    scopes: { read: ledger:read, write: ledger:write }'
  ].join('\n'))
  t.same(refusedPaths(outcome), ['sandboxes.client_scopes[4]', 'sandboxes.client_scopes[5]'])
})

t.test('scopes that only the security of a document names are known', async (t) => {
  const openapi = path.join(import.meta.dirname, 'fixtures', 'openapi.yaml')
  const api = `apis: [{ name: refunds, kind: core, openapi: "${openapi}", audience: "https://a.example", scopes: { read: r, write: w } }]`
  t.same(loadAccepted(`${api}\nsandboxes: { client_scopes: [openid, refunds:read] }`).sandboxes.clientScopes, ['openid', 'refunds:read'])
})

t.test('without a file the defaults are loaded', async (t) => {
  const outcome = loadConfig({ environment: {} })
  if (outcome.kind !== 'loaded') {
    t.fail(inspect(outcome))
    return
  }
  t.equal(outcome.file, shippedConfigFile)
  t.equal(outcome.config.profile.issuer, 'https://localhost:8443')
  t.equal(outcome.config.profile.lifetimes.accessTokenMs, 3_600_000)
  t.same(outcome.config.webhooks.retriesMs.slice(0, 2), [5000, 300_000])
})

t.test('an empty file is the defaults', async (t) => {
  const shipped = loadConfig({ environment: {} })
  t.same(loadAccepted('# nothing\n'), shipped.kind === 'loaded' ? shipped.config : undefined)
})

t.test('flags go before the environment, the environment before the file, the file before the defaults', async (t) => {
  const environment = { SANDGATE__LIMITS__ADDRESS__LIMIT: '20', SANDGATE__LIMITS__ADDRESS__BURST: '20' }
  const config = loadAccepted('limits: { address: { limit: 10, burst: 10, window: 1s } }', { environment, overrides: [{ path: 'limits.address.limit', value: '30' }] })
  t.match(config.limits.address, { limit: 30, burst: 20, windowMs: 1000, algorithm: 'smooth' })
})

t.test('overrides read numbers, flags, lists and entries of lists', async (t) => {
  const config = loadAccepted('', {
    environment: {
      SANDGATE__WEBHOOKS__ALLOW_HTTP: 'false',
      SANDGATE__TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8',
      SANDGATE__WEBHOOKS__RETRIES: '["1s","2s"]',
      SANDGATE__APIS__0__AUDIENCE: 'https://other.example'
    }
  })
  t.equal(config.webhooks.allowHttp, false)
  t.same(config.trustedProxies, ['10.0.0.0/8', 'fd00::/8'])
  t.same(config.webhooks.retriesMs, [1000, 2000])
  t.match(config.apis[0], { name: 'payments', audience: 'https://other.example', requireBoundTokens: false })
})

t.test('an override ending in _FILE reads the file, without the line end at its end', async (t) => {
  const file = writeTemporary('operator-token', `${SECRET}\n`)
  const config = loadAccepted('', { environment: { SANDGATE__KEYS__OPERATOR_TOKEN_FILE: file } })
  t.equal(config.keys.operatorToken.reveal(), SECRET)
})

t.test('variables are replaced in values, with defaults for unset and empty ones', async (t) => {
  const config = loadAccepted([
    'listen: { public: { port: "${PORT}" }, ops: { port: "${OPS:-7070}" }, public_host: "${HOST:-sandbox}.example" }',
    'profile: { brand: { name: "A $${NAME} company" } }',
    'trusted_proxies: "${PROXIES}"'
  ].join('\n'), { environment: { PORT: '8444', HOST: '', PROXIES: '10.0.0.0/8,192.0.2.0/24' } })
  t.equal(config.listen.public.port, 8444)
  t.equal(config.listen.ops.port, 7070)
  t.equal(config.listen.publicHost, 'sandbox.example')
  t.equal(config.profile.brand.name, 'A ${NAME} company')
  t.same(config.trustedProxies, ['10.0.0.0/8', '192.0.2.0/24'])
})

t.test('a configuration prints no secret and tells its origin', async (t) => {
  const outcome = loadText('keys: { operator_token: "${TOKEN}" }', { environment: { TOKEN: SECRET, SANDGATE__LOG__LEVEL: 'warn' } })
  if (outcome.kind !== 'loaded') {
    t.fail(inspect(outcome))
    return
  }
  t.type(outcome.config.keys.operatorToken, Secret)
  t.notMatch(JSON.stringify(outcome) + inspect(outcome, { depth: 9 }), new RegExp(SECRET))
  const origins = new Map(outcome.settings.map((setting) => [setting.path, setting]))
  t.match(origins.get('keys.operator_token'), { value: '[secret]', origin: outcome.file })
  t.match(origins.get('log.level'), { value: '"warn"', origin: 'environment SANDGATE__LOG__LEVEL' })
  t.match(origins.get('limits.headers'), { value: '"draft"', origin: 'default' })
})

t.test('a configuration is frozen in all its depth', async (t) => {
  const config = loadAccepted('')
  const thawed: string[] = []
  const visit = (value: unknown, at: string): void => {
    if (typeof value !== 'object' || value === null || value instanceof Secret) return
    if (!Object.isFrozen(value)) thawed.push(at)
    for (const [name, member] of Object.entries(value)) visit(member, `${at}.${name}`)
  }
  visit(config, 'config')
  t.same(thawed, [])
})

t.test('paths of the file are relative to it, defaults to the shipped file, and an empty path stays empty', async (t) => {
  const rules = path.dirname(writeTemporary('unused', ''))
  const config = loadAccepted('abuse: { rules_directory: . }')
  t.equal(config.abuse.rulesDirectory, rules)
  t.match(config.apis[0], { openapi: path.join(path.dirname(shippedConfigFile), 'apis/payments/openapi.yaml') })
  t.equal(config.tls.certificateFile, '')
  t.equal(config.varDirectory, path.resolve('var'))
})

t.test('the issuer follows the public door, is left empty for a free port, and is kept when stated', async (t) => {
  t.equal(loadAccepted('listen: { public: { port: 443 }, public_host: sandbox.example }').profile.issuer, 'https://sandbox.example')
  t.equal(loadAccepted('listen: { public: { port: 0 }, mtls: { port: 0 } }').profile.issuer, '')
  t.equal(loadAccepted('profile: { issuer: "https://auth.example" }').profile.issuer, 'https://auth.example')
})
