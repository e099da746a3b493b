import type { Surface, Verdict } from '../../kernel/index.ts'

/** Every stage of the front door, as it is called in its file name, in logs and in metric labels. */
export type StageName =
  | 'resolve-request-id' | 'resolve-client-address' | 'verify-client-certificate' | 'judge-ban' | 'limit-address'
  | 'resolve-target' | 'verify-access-token' | 'resolve-claimed-client' | 'judge-scope' | 'judge-client-ban' | 'limit-key' | 'apply-fault'
  | 'resolve-origin' | 'judge-origin'
  | 'resolve-body' | 'scrub-request' | 'judge-abuse' | 'dispatch' | 'scrub-response' | 'record-headers' | 'record-outcome'

/**
 * When a stage runs: on `arrival` before the body is read, on the `payload`, on the `reply` that dispatch gave, for the
 * `headers` of whatever is sent (a refusal too), or on the `outcome` when it has been sent.
 */
export type Phase = 'arrival' | 'payload' | 'dispatch' | 'reply' | 'headers' | 'outcome'

/** What happens to the request when a stage throws because a dependency failed. */
export type FaultStance = 'refuse' | 'pass-and-report'

/**
 * One step of the pipeline. `decide` is a property and not a method, so that its parameter is checked contravariantly: a
 * stage which needs a fact that no earlier stage adds does not compile (see table.ts).
 */
export interface Stage<Needs, Adds> {
  readonly name: StageName
  readonly phase: Phase
  readonly onFault: FaultStance
  readonly decide: (seen: Readonly<Needs>) => Verdict<Adds> | Promise<Verdict<Adds>>
}

/** A stage with its types forgotten: what the runner runs. */
export type AnyStage = Stage<never, object>

/** One row of the table as it was written, for docs/pipeline.md. */
export interface Row {
  readonly stage: AnyStage
  readonly surfaces: readonly Surface[]
}
