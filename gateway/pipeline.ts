import type { Surface } from '../kernel/index.ts'
import type { Arrival, OutcomeFacts } from './pipeline/facts.ts'
import { dispatch } from './pipeline/dispatch.ts'
import { columnOf, openTable, type SurfacePipeline } from './pipeline/table.ts'
import type { AnyStage, Row, StageName } from './pipeline/stage.ts'
import { applyFault } from './stages/apply-fault.ts'
import { judgeAbuse, type JudgeAbuseDeps } from './stages/judge-abuse.ts'
import { judgeBan } from './stages/judge-ban.ts'
import { judgeOrigin } from './stages/judge-origin.ts'
import { judgeClientBan } from './stages/judge-client-ban.ts'
import { judgeScope } from './stages/judge-scope.ts'
import { limitAddress } from './stages/limit-address.ts'
import { limitKey } from './stages/limit-key.ts'
import { recordHeaders } from './stages/record-headers.ts'
import { recordOutcome } from './stages/record-outcome.ts'
import { resolveBody } from './stages/resolve-body.ts'
import { resolveClaimedClient } from './stages/resolve-claimed-client.ts'
import { resolveClientAddress } from './stages/resolve-client-address.ts'
import { resolveOrigin } from './stages/resolve-origin.ts'
import { resolveRequestId } from './stages/resolve-request-id.ts'
import { resolveTarget } from './stages/resolve-target.ts'
import { scrubRequest } from './stages/scrub-request.ts'
import { scrubResponse } from './stages/scrub-response.ts'
import { verifyAccessToken } from './stages/verify-access-token.ts'
import { verifyClientCertificate } from './stages/verify-client-certificate.ts'

/** What every stage needs, by stage. */
export type PipelineDeps =
  & Parameters<typeof resolveClientAddress>[0]
  & Parameters<typeof resolveOrigin>[0]
  & Parameters<typeof verifyClientCertificate>[0]
  & Parameters<typeof judgeBan>[0]
  & Parameters<typeof verifyAccessToken>[0]
  & Parameters<typeof judgeOrigin>[0]
  & Parameters<typeof resolveClaimedClient>[0]
  & Parameters<typeof applyFault>[0]
  & Parameters<typeof resolveBody>[0]
  & Parameters<typeof scrubRequest>[0]
  & Parameters<typeof recordHeaders>[0]
  & Parameters<typeof recordOutcome>[0]
  & Pick<JudgeAbuseDeps, 'judge'>
  & { readonly limits: { readonly address: Parameters<typeof limitAddress>[0]['limit'], readonly client: Parameters<typeof limitKey>[0]['limit'], readonly token: Parameters<typeof limitKey>[0]['limit'] } }

/**
 * What a CORS preflight passes instead of all stages before dispatch: a browser sends it without credentials and without a client
 * certificate (Fetch §3.3.2), so nothing that needs either can judge it.
 */
export const SEES_PREFLIGHTS: readonly StageName[] = ['resolve-request-id', 'resolve-client-address', 'resolve-origin', 'judge-ban', 'limit-address']

/**
 * The front door, top to bottom: which stage runs on which surface, in which order. Nothing else decides order. A row that
 * needs a fact which no row above it adds, on each of its surfaces, does not compile.
 */
export function createPipeline (deps: PipelineDeps): { readonly rows: readonly Row[], readonly columns: Readonly<Record<Surface, SurfacePipeline>>, readonly preflight: readonly AnyStage[] } {
  const { rows } = openTable<Arrival & OutcomeFacts>()
    .row(resolveRequestId(),                                   ['token', 'api', 'control'])
    .row(resolveClientAddress(deps),                           ['token', 'api', 'control'])
    .row(resolveOrigin(deps),                                  ['token', 'api'])
    .row(resolveClaimedClient(deps),                           ['token'])
    .row(verifyClientCertificate(deps),                        ['token', 'api', 'control'])
    .row(judgeBan(deps),                                       ['token', 'api', 'control'])
    .row(limitAddress({ limit: deps.limits.address }),         ['token', 'api', 'control'])
    .row(resolveTarget(),                                      ['token', 'api', 'control'])
    .row(verifyAccessToken(deps),                              [         'api', 'control'])
    .row(judgeOrigin(deps),                                    [         'api'])
    .row(judgeScope(),                                         [         'api', 'control'])
    .row(judgeClientBan(deps),                                 ['token', 'api', 'control'])
    .row(limitKey({ limit: deps.limits.client, tokenLimit: deps.limits.token }), ['token', 'api', 'control'])
    .row(applyFault(deps),                                     ['token', 'api'])
    .row(judgeAbuse({ judge: deps.judge, phase: 'arrival' }),  ['token'])
    .row(resolveBody(deps),                                    [         'api', 'control'])
    .row(scrubRequest(deps),                                   [         'api', 'control'])
    .row(judgeAbuse({ judge: deps.judge, phase: 'payload' }),  [         'api'])
    .row(dispatch(),                                           ['token', 'api', 'control'])
    .row(scrubResponse(deps),                                  [         'api'])
    .row(recordHeaders(deps),                                  ['token', 'api', 'control'])
    .row(recordOutcome(deps),                                  ['token', 'api', 'control'])
  return { rows, columns: { token: columnOf(rows, 'token'), api: columnOf(rows, 'api'), control: columnOf(rows, 'control') }, preflight: rows.map(({ stage }) => stage).filter(({ name }) => SEES_PREFLIGHTS.includes(name)) }
}
