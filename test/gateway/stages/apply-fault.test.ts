import t from 'tap'
import type { Fault, FaultTarget } from '../../../gateway/faults/index.ts'
import { applyFault } from '../../../gateway/stages/apply-fault.ts'
import type { SandboxId } from '../../../kernel/index.ts'
import { arrivalOf, CALLER, refusalOf } from '../../support/gateway-literals.ts'

const BASE: Fault = { id: 'flt_1', sandboxId: CALLER.sandboxId ?? '', kind: 'drop', endpoint: 'api', times: 1, forMs: 1000, createdAtMs: 0, endsAtMs: 1000, address: '192.0.2.1' }

function stageWith (faults: readonly Fault[], { isTaken = true, waited = [] as number[], asked = [] as FaultTarget[] } = {}) {
  const find = (_owner: unknown, target: FaultTarget): readonly Fault[] => {
    asked.push(target)
    return faults
  }
  return applyFault({
    faults: { isEmpty: () => faults.length === 0, find, findByAddress: find, take: async () => isTaken },
    endpointOf: (template) => template === '/oauth/token' ? 'token' : undefined,
    sandboxOfClient: () => 'sbx_1' as SandboxId,
    wait: async (ms) => { waited.push(ms) },
  })
}

t.test('a request is refused as the fault says, and the record names the fault', async (t) => {
  for (const [kind, code] of [['token_expired', 'token_expired'], ['token_revoked', 'token_revoked'], ['token_binding_lost', 'token_binding_mismatch'], ['rate_limited', 'client_limit_exceeded'], ['drop', 'fault_injected'], ['api_error', 'fault_injected']] as const) {
    const refusal = refusalOf(await stageWith([{ ...BASE, kind }]).decide({ ...arrivalOf(), caller: CALLER }))
    t.match(refusal, { code, internalDetail: /flt_1/, evidence: { fault: 'flt_1' } }, kind)
  }
  t.match(refusalOf(await stageWith([{ ...BASE, kind: 'oauth_error', endpoint: 'token', error: 'invalid_client' }]).decide({ ...arrivalOf(), caller: CALLER })), { wire: { status: 401, text: '{"error":"invalid_client"}' } })
})

t.test('what was used up, and what is asked for elsewhere, does not strike', async (t) => {
  t.match(await stageWith([BASE], { isTaken: false }).decide({ ...arrivalOf(), caller: CALLER }), { kind: 'pass' })
  t.match(await stageWith([{ ...BASE, kind: 'dpop_nonce_required' }, { ...BASE, kind: 'oauth_error', endpoint: 'authorization' }]).decide({ ...arrivalOf(), caller: CALLER }), { kind: 'pass' })
})

t.test('a slow answer waits, is noted, and goes together with another fault', async (t) => {
  const waited: number[] = []
  const slow: Fault = { ...BASE, kind: 'slow', delayMs: 300 }
  t.match(await stageWith([slow], { waited }).decide({ ...arrivalOf(), caller: CALLER }), { kind: 'pass', findings: [{ stage: 'apply-fault', code: 'fault_injected' }] })
  t.match(await stageWith([slow, BASE], { waited }).decide({ ...arrivalOf(), caller: CALLER }), { kind: 'refuse' })
  t.same(waited, [300, 300])
})

t.test('where no fault is in force nothing is asked and nothing waits', (t) => {
  t.equal(stageWith([]).decide({ ...arrivalOf(), caller: CALLER }) instanceof Promise, false)
  t.end()
})
