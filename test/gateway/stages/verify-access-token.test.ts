import t from 'tap'
import type { TokenVerdict } from '../../../authz/index.ts'
import { verifyAccessToken } from '../../../gateway/stages/verify-access-token.ts'
import type { Caller, SandboxId } from '../../../kernel/index.ts'
import { addsOf, arrivalOf, CALLER, certificateOf, refusalOf, ROUTE } from '../../support/gateway-literals.ts'

const SANDBOX_KEY: Caller = { kind: 'sandbox-key', sandboxId: 'sbx_1' as SandboxId, scopes: [] }
const OPERATOR: Caller = { kind: 'operator', scopes: [] }

function createStage (options: { verdict?: TokenVerdict, holder?: Caller, isLater?: boolean } = {}) {
  const seen = { tokens: [] as Array<readonly [string, object]>, keys: [] as string[] }
  const settle = <T>(value: T): T | Promise<T> => options.isLater === true ? Promise.resolve(value) : value
  const stage = verifyAccessToken({
    verifyToken: (token, expect) => {
      seen.tokens.push([token, expect])
      return settle(options.verdict ?? { kind: 'verified', caller: CALLER, expiresAtMs: 1 })
    },
    findKeyHolder: (key) => {
      seen.keys.push(key)
      return settle(options.holder)
    },
  })
  const decide = async (authorization: string | undefined, target = ROUTE, certificate?: ReturnType<typeof certificateOf>) =>
    await stage.decide({ ...arrivalOf({ headers: authorization === undefined ? {} : { authorization } }), target, certificate })
  return { stage, seen, decide }
}
const CONTROL = { ...ROUTE, credentials: ['client', 'sandbox-key'] as const }

t.test('no credential and other schemes are token_missing', async (t) => {
  const { decide, seen } = createStage()
  t.equal(refusalOf(await decide(undefined)).code, 'token_missing')
  for (const header of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'DPoP', 'DPoP ', 'DPoPx y', 'bearertoken x', 'Token abc']) t.equal(refusalOf(await decide(header)).code, 'token_missing', header)
  t.same(seen.tokens, [], 'and none was verified')
})

t.test('a secret that was sent without its scheme is in no refusal', async (t) => {
  const { decide } = createStage()
  for (const secret of ['sgsk_0123456789abcdefghij', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln', 'hunter2 hunter2']) {
    const refusal = refusalOf(await decide(secret))
    t.notOk(JSON.stringify(refusal).includes(secret.slice(0, 7)), secret)
  }
  t.match(refusalOf(await decide('Basic YTpi')).internalDetail, 'Basic', 'a scheme that is one is named')
})

t.test('what the verifier refuses is refused with its code, and the client it named owns the explanation', async (t) => {
  for (const isLater of [false, true]) {
    const { decide } = createStage({ verdict: { kind: 'refused', code: 'token_expired', detail: 'since 5 s', claimedClientId: 'client_1' }, isLater })
    t.match(refusalOf(await decide('Bearer x')), { code: 'token_expired', internalDetail: 'since 5 s', claimedClientId: 'client_1' })
  }
})

t.test('a key opens nothing outside the control surface: there it is a token, and no good one', async (t) => {
  const { decide, seen } = createStage({ verdict: { kind: 'refused', code: 'token_malformed', detail: '' }, holder: SANDBOX_KEY })
  t.equal(refusalOf(await decide('Bearer sgsk_x')).code, 'token_malformed')
  t.same(seen.keys, [])
})

t.test('an unknown key is refused as a token is', async (t) => {
  t.equal(refusalOf(await createStage().decide('Bearer sgsk_x', CONTROL)).code, 'token_malformed')
})

t.test('a credential of another kind than the route takes is refused', async (t) => {
  t.equal(refusalOf(await createStage({ holder: OPERATOR }).decide('Bearer sgop_x', CONTROL)).code, 'credential_not_accepted')
  t.equal(refusalOf(await createStage({ holder: SANDBOX_KEY, isLater: true }).decide('Bearer sgsk_x', { ...ROUTE, credentials: ['operator'] })).code, 'credential_not_accepted')
  t.equal(refusalOf(await createStage().decide('Bearer token', { ...ROUTE, credentials: ['operator'] })).code, 'credential_not_accepted')
})

t.test('a token is verified for the route\'s audiences and binding, with the certificate of the connection', async (t) => {
  const { decide, seen } = createStage()
  t.same(addsOf(await decide('bEaReR abc', { ...ROUTE, requireBoundToken: true }, certificateOf())), { caller: CALLER, clientKey: 'client_1' })
  await decide('Bearer abc')
  t.same(seen.tokens, [
    ['abc', { audiences: ['https://api.example'], requireBound: true, certificateThumbprint: 'thumb' }],
    ['abc', { audiences: ['https://api.example'], requireBound: false }],
  ])
})

t.test('budgets count by the client, else by the sandbox, else by the operator', async (t) => {
  t.match(addsOf(await createStage({ holder: SANDBOX_KEY }).decide('Bearer sgsk_x', CONTROL)), { clientKey: 'sbx_1', caller: { kind: 'sandbox-key' } })
  t.match(addsOf(await createStage({ holder: OPERATOR }).decide('Bearer sgop_x', { ...ROUTE, credentials: ['operator'] })), { clientKey: 'operator' })
})

t.test('the DPoP scheme hands over the proof with what it must be for; Bearer hands over none', async (t) => {
  const { stage, seen } = createStage()
  const decide = async (headers: Record<string, string>) => await stage.decide({ ...arrivalOf({ method: 'POST', url: '/v1/charges?a=b', headers }), target: ROUTE, certificate: undefined })
  await decide({ authorization: 'DPoP x', dpop: 'proof' })
  await decide({ authorization: 'dpop x' })
  await decide({ authorization: 'DPoP x', dpop: 'one, two' })
  await decide({ authorization: 'Bearer x', dpop: 'proof' })
  const expectations = seen.tokens.map(([token, expect]) => ({ token, dpop: (expect as { dpop?: object }).dpop }))
  const dpop = { method: 'POST', target: '/v1/charges?a=b' }
  t.same(expectations, [{ token: 'x', dpop: { ...dpop, proof: 'proof' } }, { token: 'x', dpop: { ...dpop, proof: undefined } }, { token: 'x', dpop: { ...dpop, proof: 'one, two' } }, { token: 'x', dpop: undefined }])
})

t.test('a key under the DPoP scheme is a token, and no good one', async (t) => {
  const { decide, seen } = createStage({ verdict: { kind: 'refused', code: 'token_malformed', detail: '' }, holder: SANDBOX_KEY })
  t.equal(refusalOf(await decide('DPoP sgsk_x', CONTROL)).code, 'token_malformed')
  t.same(seen.keys, [])
})

t.test('the nonce for the next proof goes on, with a refusal and with a pass', async (t) => {
  const refused = createStage({ verdict: { kind: 'refused', code: 'token_nonce_required', detail: '', dpopNonce: 'n1' } })
  t.equal(refusalOf(await refused.decide('DPoP x')).dpopNonce, 'n1')
  const passed = createStage({ verdict: { kind: 'verified', caller: CALLER, expiresAtMs: 1, dpopNonce: 'n2' } })
  t.match(addsOf(await passed.decide('DPoP x')), { caller: CALLER, dpopNonce: 'n2' })
  t.notOk('dpopNonce' in addsOf(await createStage().decide('DPoP x')))
})
