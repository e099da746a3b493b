import { parseList, Token, type Item } from 'structured-headers'
import t from 'tap'
import { createLimit, formatRateLimitHeaders, retryAfterSeconds, type LimitOutcome } from '../../../gateway/limits/index.ts'
import { createLocalCounter } from '../../../stores/index.ts'
import { atOnce } from '../../support/abuse-engine.ts'

const outcome: LimitOutcome = {
  name: 'client', isAllowed: true, isExceeded: false, remaining: 299, resetMs: 1500, retryAfterMs: 0, limit: 1200, windowMs: 60_000, mode: 'enforce', isDegraded: false, policy: '"client";q=1200;w=60'
}
const refused: LimitOutcome = { ...outcome, isAllowed: false, isExceeded: true, remaining: 0, retryAfterMs: 2001, resetMs: 60_000 }

function parseItems (header: string | undefined): Array<[string, Record<string, unknown>]> {
  return (parseList(header ?? '') as Item[]).map(([value, parameters]) => {
    if (typeof value !== 'string' || value as unknown instanceof Token) throw new Error('the item is no string')
    return [value, Object.fromEntries(parameters)]
  })
}

t.test('a refused request is told to retry when the limit allows it again: Retry-After is t, rounded up', async (t) => {
  const headers = formatRateLimitHeaders([refused], 'draft')
  t.equal(headers['Retry-After'], '3')
  t.strictSame(parseItems(headers['RateLimit']), [['client', { r: 0, t: 3 }]])
})

t.test('a retry of no time at all is told as one second', async (t) => {
  t.equal(formatRateLimitHeaders([{ ...refused, retryAfterMs: 0 }], 'draft')['Retry-After'], '1')
})

t.test('of several refusing limits the longest wait counts', async (t) => {
  t.equal(retryAfterSeconds([refused, { ...refused, name: 'address', retryAfterMs: 9000 }, outcome]), 9)
  t.equal(retryAfterSeconds([outcome]), undefined)
})

t.test('a limit in report mode changes no header', async (t) => {
  const report: LimitOutcome = { ...refused, isAllowed: true, mode: 'report' }
  t.strictSame(formatRateLimitHeaders([report], 'both'), {})
  t.strictSame(formatRateLimitHeaders([outcome, report], 'both'), formatRateLimitHeaders([outcome], 'both'))
})

t.test('the draft\'s headers are structured fields: lists of named strings with whole parameters', async (t) => {
  const headers = formatRateLimitHeaders([{ ...outcome, name: 'address', policy: '"address";q=600;w=60' }, outcome], 'draft')
  t.strictSame(parseItems(headers['RateLimit-Policy']), [['address', { q: 600, w: 60 }], ['client', { q: 1200, w: 60 }]])
  t.strictSame(parseItems(headers['RateLimit']), [['address', { r: 299, t: 2 }], ['client', { r: 299, t: 2 }]])
  t.strictSame(Object.keys(headers), ['RateLimit-Policy', 'RateLimit'])
})

t.test('a window of less than a second is told as one', async (t) => {
  const limit = createLimit({ name: 'client', plan: { mode: 'enforce', algorithm: 'smooth', limit: 10, windowMs: 100, onStoreLoss: 'pass' }, counter: createLocalCounter(), clock: { nowMs: () => 0 } })
  t.strictSame(parseItems(formatRateLimitHeaders([atOnce(limit('a'))], 'draft')['RateLimit-Policy']), [['client', { q: 10, w: 1 }]])
})

t.test('the legacy trio tells of the tightest limit alone', async (t) => {
  const wide: LimitOutcome = { ...outcome, name: 'address', remaining: 500, limit: 600 }
  t.strictSame(formatRateLimitHeaders([wide, outcome], 'legacy'), { 'RateLimit-Limit': '1200', 'RateLimit-Remaining': '299', 'RateLimit-Reset': '2' })
  t.strictSame(formatRateLimitHeaders([{ ...outcome, remaining: 0 }, { ...refused, limit: 7 }], 'legacy'), { 'RateLimit-Limit': '7', 'RateLimit-Remaining': '0', 'RateLimit-Reset': '3', 'Retry-After': '3' })
})

t.test('style both sends both', async (t) => {
  t.strictSame(Object.keys(formatRateLimitHeaders([outcome], 'both')), ['RateLimit-Policy', 'RateLimit', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'])
})
