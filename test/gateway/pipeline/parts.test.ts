import type { FastifyError } from 'fastify'
import t from 'tap'
import { cidrList } from '../../../gateway/pipeline/cidr-list.ts'
import { dispatch } from '../../../gateway/pipeline/dispatch.ts'
import { refusalOfError } from '../../../gateway/pipeline/fastify.ts'
import { Passage } from '../../../gateway/pipeline/passage.ts'
import { StoreUnavailable } from '../../../stores/index.ts'
import { addsOf, arrivalOf, requestOf } from '../../support/gateway-literals.ts'

t.test('a list of networks holds what is in them and nothing else', async (t) => {
  const list = cidrList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
  for (const [address, family] of [['10.255.0.1', 'ipv4'], ['192.0.2.7', 'ipv4'], ['2001:db8:ffff::1', 'ipv6'], ['::1', 'ipv6']] as const) t.ok(list.check(address, family), address)
  for (const [address, family] of [['11.0.0.1', 'ipv4'], ['192.0.2.8', 'ipv4'], ['2001:db9::1', 'ipv6'], ['::2', 'ipv6']] as const) t.notOk(list.check(address, family), address)
  t.notOk(cidrList([]).check('127.0.0.1', 'ipv4'), 'an empty list trusts nobody')
  t.ok(cidrList(['0.0.0.0/0']).check('203.0.113.7', 'ipv4'))
})

t.test('what Fastify refuses is told in our codes, anything else is our fault and tells nothing', async (t) => {
  const errorOf = (code: string, message = 'secret path /home') => Object.assign(new Error(message), { code }) as FastifyError
  t.match(refusalOfError(errorOf('FST_ERR_CTP_BODY_TOO_LARGE')), { code: 'body_too_large', stage: 'resolve-body' })
  t.match(refusalOfError(errorOf('FST_ERR_CTP_INVALID_MEDIA_TYPE')), { code: 'media_type_unsupported', stage: 'resolve-body' })
  t.match(refusalOfError(errorOf('FST_ERR_CTP_INVALID_CONTENT_LENGTH')), { code: 'request_malformed' })
  t.match(refusalOfError(errorOf('FST_ERR_BAD_URL')), { code: 'path_invalid' })
  const ours = refusalOfError(errorOf('ENOENT'))
  t.match(ours, { code: 'internal_fault', stage: 'dispatch', internalDetail: /secret path/ })
  t.equal(ours.publicDetail, undefined)
  t.match(refusalOfError(new StoreUnavailable('lost') as never), { code: 'dependency_unavailable' })
  t.match(refusalOfError(new Error('a library\'s', { cause: new Error('another', { cause: new StoreUnavailable('lost') }) }) as never), { code: 'dependency_unavailable' }, 'also wrapped')
  const circle = new Error('circle')
  circle.cause = circle
  t.match(refusalOfError(circle as never), { code: 'internal_fault' })
})

t.test('an unanswered dispatch is a fault, and no success', async (t) => {
  t.equal(addsOf(await dispatch().decide(arrivalOf())).reply.status, 500)
})

t.test('a passage knows the request and no fact that no stage has added', async (t) => {
  const passage = new Passage(requestOf(), 'api', undefined, 5)
  t.match(passage, { method: 'GET', url: '/', surface: 'api', receivedAtMs: 5, findings: [] })
  for (const fact of ['caller', 'requestId', 'target', 'certificate']) t.notOk(fact in passage, fact)
  const other = new Passage(requestOf(), 'api', undefined, 5)
  passage.findings.push({ stage: 'x', code: 'x', detail: 'x' })
  t.same(other.findings, [], 'passages share nothing')
})
