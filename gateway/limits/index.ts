/**
 * Budgets per key, and the headers that tell of them. A limit spends from a store's counter; when the store is lost, each
 * plan states what happens (a local share, refusal, or passage), and the outcome says that it did.
 */
export { createLimit, type Limit, type LimitDeps, type LimitOutcome, type LimitPlan } from './create-limit.ts'
export { formatRateLimitHeaders, retryAfterSeconds, type RateLimitHeaderStyle } from './rate-limit-headers.ts'
