import type { Refusal, Verdict } from '../../kernel/index.ts'
import { isStoreFault } from './is-store-fault.ts'
import type { Passage } from './passage.ts'
import type { AnyStage } from './stage.ts'

/** What the runner tells about faults; composed with the log and the metrics. */
export interface RunObserver {
  readonly onFault: (stage: AnyStage, fault: unknown, passage: Passage) => void
}

/**
 * Runs stages in order until one refuses, and calls `done` exactly once: with nothing when all passed, with the refusal
 * otherwise. Synchronous as long as the stages are. A stage that throws is decided by its stance.
 */
export function runStages (stages: readonly AnyStage[], passage: Passage, observer: RunObserver, done: (refusal?: Refusal) => void): void {
  runFrom(0, stages, passage, observer, done)
}

function runFrom (start: number, stages: readonly AnyStage[], passage: Passage, observer: RunObserver, done: (refusal?: Refusal) => void): void {
  for (let index = start; index < stages.length; index++) {
    const stage = stages[index] as AnyStage
    let verdict: Verdict<object> | Promise<Verdict<object>>
    try {
      verdict = stage.decide(passage as never)
    } catch (fault) {
      verdict = verdictOnFault(stage, fault, passage, observer)
    }
    if (verdict instanceof Promise) {
      resume(verdict.catch((fault: unknown) => verdictOnFault(stage, fault, passage, observer)), index, stages, passage, observer, done)
      return
    }
    if (!admit(verdict, stage, passage)) {
      done(passage.refusal)
      return
    }
  }
  done()
}

/** Goes on when a stage has settled. A fault beyond the stages closes the connection: an answer may be half sent. */
function resume (verdict: Promise<Verdict<object>>, index: number, stages: readonly AnyStage[], passage: Passage, observer: RunObserver, done: (refusal?: Refusal) => void): void {
  const stage = stages[index] as AnyStage
  verdict.then((settled) => {
    if (admit(settled, stage, passage)) runFrom(index + 1, stages, passage, observer, done)
    else done(passage.refusal)
  }).catch((fault: unknown) => {
    observer.onFault(stage, fault, passage)
    passage.request.socket.destroy()
  })
}

function admit (verdict: Verdict<object>, stage: AnyStage, passage: Passage): boolean {
  if (verdict.findings !== undefined) passage.findings.push(...verdict.findings)
  const adds = verdict.adds as Record<string, unknown> | undefined
  for (const fact in adds) (passage as unknown as Record<string, unknown>)[fact] = adds[fact]
  if (verdict.kind === 'pass') return true
  passage.refusal = { ...verdict.refusal, stage: stage.name }
  return false
}

function verdictOnFault (stage: AnyStage, fault: unknown, passage: Passage, observer: RunObserver): Verdict<object> {
  observer.onFault(stage, fault, passage)
  const detail = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault)
  const code = isStoreFault(fault) ? 'dependency_unavailable' : 'internal_fault'
  if (stage.onFault === 'pass-and-report') {
    return { kind: 'pass', adds: {}, findings: [{ stage: stage.name, code, detail }] }
  }
  return { kind: 'refuse', refusal: { code, internalDetail: detail } }
}
