import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { isJsonObject, type Clock, type Json } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import type { AuthorizationFailure } from '../provider/report-failures.ts'
import { textOf } from './read-demand.ts'

export interface PollPacingDeps {
  readonly keyValue: KeyValue
  readonly clock: Clock
  /** Least time between two polls; 0: polls are not paced. */
  readonly intervalMs: number
  readonly onFailure: (failure: AuthorizationFailure) => void
}

/** What a poll that came too early adds to the interval (RFC 8628 §3.5). */
const STEP_MS = 5000
/** Networks deliver unevenly: a client that waits the interval is never told to slow down. */
const TOLERANCE = 0.9
const REMEMBERED_MS = 3_600_000

const SLOW_DOWN = new errors.SlowDown()

/**
 * Tells clients how often they may poll (`interval`, RFC 8628 §3.2, CIBA Core §7.3) and answers `slow_down` to those that poll
 * faster; the library knows neither. A poll is only paced when it was authenticated and its request still waits.
 */
export function pacePolls (deps: PollPacingDeps) {
  return async function pacePoll (context: unknown, next: () => Promise<void>): Promise<void> {
    await next()
    const ctx = context as KoaContextWithOIDC
    const body = ctx.body as Json | undefined
    if (deps.intervalMs <= 0 || !isJsonObject(body)) return
    if (ctx.status === 200 && ('user_code' in body || 'auth_req_id' in body)) {
      ctx.body = { ...body, interval: Math.ceil(deps.intervalMs / 1000) }
    } else if (body['error'] === 'authorization_pending' && await isTooEarly(deps, waitingFor(ctx))) {
      ctx.body = { ...body, error: SLOW_DOWN.error, error_description: SLOW_DOWN.error_description }
      reportPoll(deps, ctx)
    }
  }
}

function waitingFor ({ oidc: { params } }: KoaContextWithOIDC): string {
  return textOf(params, 'device_code') || textOf(params, 'auth_req_id')
}

interface Poll { readonly atMs: number, readonly intervalMs: number }

async function isTooEarly ({ keyValue, clock, intervalMs }: PollPacingDeps, secret: string): Promise<boolean> {
  const key = createHash('sha256').update(secret).digest('base64url')
  const last = await keyValue.get('oauth-poll', key) as unknown as Poll | undefined
  const nowMs = clock.nowMs()
  const isEarly = last !== undefined && nowMs - last.atMs < last.intervalMs * TOLERANCE
  const poll: Poll = { atMs: nowMs, intervalMs: (last?.intervalMs ?? intervalMs) + (isEarly ? STEP_MS : 0) }
  await keyValue.put('oauth-poll', key, { ...poll }, { ttlMs: REMEMBERED_MS })
  return isEarly
}

function reportPoll ({ onFailure }: PollPacingDeps, ctx: KoaContextWithOIDC): void {
  const clientId = ctx.oidc.client?.clientId
  const request: IncomingMessage = ctx.req
  onFailure({ request, endpoint: 'token', error: 'slow_down', detail: 'the client polled sooner than the interval allows; each time adds 5 seconds to it (RFC 8628 §3.5)', ...(clientId === undefined ? {} : { clientId }) })
}
