import { ConfigSchema, loadConfig } from '../config/index.ts'
import type { ProfileRules } from '../authz/index.ts'
import type { Json } from '../kernel/index.ts'

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly enum?: readonly string[]
  readonly default?: Json
}

/** What the configuration accepts of an imported profile: read from its schema, judged by loading it over the shipped defaults. */
export function createProfileRules (): ProfileRules {
  const nodeAt = (path: string): SchemaNode | undefined => path.split('.').reduce<SchemaNode | undefined>((node, step) => node?.properties?.[step], ConfigSchema as unknown as SchemaNode)
  return {
    allowedAt: (path) => {
      const node = nodeAt(path)
      return node?.enum ?? node?.items?.enum ?? []
    },
    defaultAt: (path) => nodeAt(path)?.default,
    judge: (settings) => {
      const outcome = loadConfig({ environment: {}, overrides: settings })
      return outcome.kind === 'loaded' ? [] : outcome.problems.map(({ path, found, expected, hint }) => ({ path, why: `found ${found}, expected ${expected}${hint === '' ? '' : `. ${hint}`}` }))
    },
  }
}
