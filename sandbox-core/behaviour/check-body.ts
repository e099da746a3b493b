import type { Json } from '../../kernel/index.ts'

const DEPTH_MAX = 64
const NODES_MAX = 100_000

/** What makes a body unfit to be looked at: nesting, sheer number of values, names that reach prototypes, numbers JSON lacks. Undefined when it is fit. */
export function findBodyFault (body: Json): string | undefined {
  let nodes = 0
  const pending: { readonly value: Json, readonly depth: number }[] = [{ value: body, depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next
    if (++nodes > NODES_MAX) return 'has too many values'
    if (typeof value === 'number' && !Number.isFinite(value)) return 'holds a number that JSON cannot carry'
    if (typeof value !== 'object' || value === null) continue
    if (depth > DEPTH_MAX) return 'is nested too deeply'
    if (Object.hasOwn(value, '__proto__')) return 'names a member that is not accepted'
    for (const child of Object.values(value)) pending.push({ value: child, depth: depth + 1 })
  }
  return undefined
}
