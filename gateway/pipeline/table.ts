import type { Surface } from '../../kernel/index.ts'
import type { AnyStage, Phase, Row, Stage } from './stage.ts'

type FactsBySurface = Readonly<Record<Surface, object>>

/** The stages of one surface, by phase, in order. */
export type SurfacePipeline = Readonly<Record<Phase, readonly AnyStage[]>>

/** What a stage would need and its place in the table does not give; shows in the compiler's message. */
export interface MissingFacts<Needs> { readonly 'this row needs facts that no earlier row adds on every surface it runs on': Needs }

/**
 * The table under construction. `Facts` is what the rows so far have established on each surface, so a row placed too early
 * is a type error at that row.
 */
export interface Table<Facts extends FactsBySurface> {
  readonly row: <const On extends Surface, Needs, Adds extends object>(
    stage: Stage<Needs, Adds>,
    surfaces: readonly On[],
    ...placement: Facts[On] extends Needs ? [] : [MissingFacts<Needs>]
  ) => Table<{ readonly [S in Surface]: S extends On ? Facts[S] & Adds : Facts[S] }>
  readonly rows: readonly Row[]
}

/** An empty table whose requests arrive with `Arrival`. */
export function openTable<Arrival extends object> (): Table<Readonly<Record<Surface, Arrival>>> {
  return extend([])
}

function extend<Facts extends FactsBySurface> (rows: readonly Row[]): Table<Facts> {
  const row = (stage: AnyStage, surfaces: readonly Surface[]): Table<Facts> => extend([...rows, { stage, surfaces }])
  return { rows, row: row as unknown as Table<Facts>['row'] }
}

/** The column of one surface. */
export function columnOf (rows: readonly Row[], surface: Surface): SurfacePipeline {
  const stages = rows.filter((row) => row.surfaces.includes(surface)).map((row) => row.stage)
  const inPhase = (phase: Phase): readonly AnyStage[] => stages.filter((stage) => stage.phase === phase)
  return {
    arrival: inPhase('arrival'),
    payload: inPhase('payload'),
    dispatch: inPhase('dispatch'),
    reply: inPhase('reply'),
    headers: inPhase('headers'),
    outcome: inPhase('outcome'),
  }
}
