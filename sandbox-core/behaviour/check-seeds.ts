import { parseDurationMs } from '../../kernel/index.ts'
import type { SeedsDeclaration } from './behaviour-document.ts'
import type { Scope } from './compile-expression.ts'
import { compileTemplate, type Report } from './compile-template.ts'

/** Finds what can be known to be wrong with seeds before they are made: times, names and expressions. What a step answers shows only when it runs. */
export function checkSeeds (seeds: SeedsDeclaration, known: { readonly resources: ReadonlySet<string>, readonly operations: ReadonlySet<string>, readonly scope: Scope, readonly report: Report }): void {
  const { resources, operations, scope, report } = known
  if (Number.isNaN(Date.parse(seeds.at))) report('/seeds/at', 'expected a date and time: 2026-01-01T09:00:00Z')
  if (seeds.interval !== undefined && parseDurationMs(seeds.interval) === undefined) report('/seeds/interval', 'expected a duration: 1h')
  for (const [resource, objects] of Object.entries(seeds.objects ?? {})) {
    if (!resources.has(resource)) report(`/seeds/objects/${resource}`, `there is no resource ${resource}`, `there are: ${[...resources].join(', ')}`)
    compileTemplate(scope, objects.map(object => ({ ...object })), `/seeds/objects/${resource}`, report)
  }
  for (const [index, step] of (seeds.steps ?? []).entries()) {
    const at = `/seeds/steps/${index}`
    if (!operations.has(step.operation)) report(`${at}/operation`, `no operation ${step.operation} creates or changes something`, `there are: ${[...operations].join(', ')}`)
    compileTemplate(scope, { ...step.path }, `${at}/path`, report)
    compileTemplate(scope, step.body ?? null, `${at}/body`, report)
  }
}
