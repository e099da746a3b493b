import t from 'tap'
import { clauseUrl } from '../../../kernel/index.ts'
import { CATALOGUE } from '../../../authz/explanations/catalogue.ts'
import { openExplainedProvider } from '../../support/explained-provider.ts'
import { AUTHENTICATION_SCENARIOS, AUTHORIZATION_SCENARIOS, GRANT_SCENARIOS, OTHER_SCENARIOS, OWN_CODES, PROOF_SCENARIOS, SPARSE_SCENARIOS, TOKEN_SCENARIOS, type Scenario } from './scenarios.ts'

const produced = new Set<string>()
const groups: Readonly<Record<string, readonly Scenario[]>> = { authentication: AUTHENTICATION_SCENARIOS, grants: GRANT_SCENARIOS, proofs: PROOF_SCENARIOS, authorization: AUTHORIZATION_SCENARIOS, tokens: TOKEN_SCENARIOS, others: OTHER_SCENARIOS, 'less switched on': SPARSE_SCENARIOS }
const sparse = { dPoP: { enabled: true }, requestObjects: { enabled: false }, pushedAuthorizationRequests: { enabled: false }, fapi: { enabled: false } }

for (const [name, scenarios] of Object.entries(groups)) {
  t.test(`the library refuses as the catalogue says: ${name}`, async (t) => {
    const server = await openExplainedProvider({}, scenarios === SPARSE_SCENARIOS ? sparse : {})
    t.teardown(server.close)
    for (const { code, seen, expected, act } of scenarios) {
      server.failures.length = 0
      await act(server)
      const failure = server.failures.at(-1)
      const explanation = failure?.explanation
      if (failure === undefined || explanation === undefined) {
        t.fail(`${code}: nothing was reported`)
        continue
      }
      produced.add(explanation.code)
      if (!t.equal(explanation.code, code, `${code} (${failure.error}: ${failure.detail})`)) continue
      t.ok(clauseUrl(explanation.clause ?? '') !== undefined, `${code}: the clause ${explanation.clause} has an address`)
      if (seen !== undefined) t.match(explanation.seen, seen, `${code}: seen`)
      if (expected !== undefined) t.match(explanation.expected, expected, `${code}: expected`)
      t.match(explanation.cause, /\.$/, `${code}: the cause is a sentence`)
    }
  })
}

t.test('every entry can occur', async (t) => {
  t.same(CATALOGUE.map(({ code }) => code).filter((code) => !produced.has(code) && !OWN_CODES.includes(code)), [])
})
