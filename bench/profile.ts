import { readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

interface CpuProfile {
  readonly nodes: ReadonlyArray<{ readonly id: number, readonly callFrame: { readonly functionName: string, readonly url: string, readonly lineNumber: number }, readonly children?: readonly number[] }>
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Where the time of a server went, in shares of its busy time. */
export interface ProfileSummary {
  readonly byOwner: ReadonlyArray<readonly [owner: string, share: number]>
  /** Files of ours with all they call; what calls each other counts in both. */
  readonly byFile: ReadonlyArray<readonly [file: string, share: number]>
  /** Functions of ours: time in themselves, and with all they call. */
  readonly ours: ReadonlyArray<{ readonly where: string, readonly self: number, readonly total: number }>
  readonly others: ReadonlyArray<{ readonly where: string, readonly self: number }>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const IDLE = new Set(['(idle)', '(root)'])

/** Reads a CPU profile of V8. */
export function summariseProfile (file: string): ProfileSummary {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
  const self = new Map<number, number>()
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + timeDeltas[i]!))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const nameOf = (id: number): string => describe(byId.get(id)!.callFrame)
  const owners = new Map<string, number>()
  const selfByName = new Map<string, number>()
  const totalByName = new Map<string, number>()
  const totalByFile = new Map<string, number>()
  let busy = 0
  const walk = (id: number, above: readonly string[]): void => {
    const { callFrame, children = [] } = byId.get(id)!
    const name = nameOf(id)
    const time = IDLE.has(callFrame.functionName) ? 0 : self.get(id) ?? 0
    busy += time
    add(owners, ownerOf(callFrame), time)
    add(selfByName, name, time)
    const stack = above.includes(name) ? above : [...above, name]
    for (const each of stack) add(totalByName, each, time)
    for (const file of new Set(stack.filter(isOurs).map((each) => each.slice(0, each.indexOf(':'))))) add(totalByFile, file, time)
    for (const child of children) walk(child, stack)
  }
  walk(nodes[0]!.id, [])
  const share = (time: number): number => time / busy
  const shares = (times: ReadonlyMap<string, number>): Array<readonly [string, number]> => [...times].filter(([, time]) => time > 0).map(([name, time]) => [name, share(time)] as const).sort((a, b) => b[1] - a[1])
  const named = [...selfByName].map(([where, time]) => ({ where, self: share(time), total: share(totalByName.get(where) ?? 0) }))
  return {
    byOwner: shares(owners),
    byFile: shares(totalByFile),
    ours: named.filter(({ where }) => isOurs(where)).sort((a, b) => b.total - a.total),
    others: named.filter(({ where, self: own }) => !isOurs(where) && own > 0).sort((a, b) => b.self - a.self),
  }
}

export function formatProfile ({ byOwner, byFile, ours, others }: ProfileSummary, lines = 25): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`.padStart(7)
  return [
    'By owner, of the time that JavaScript sees:',
    ...byOwner.slice(0, 16).map(([owner, share]) => `${percent(share)}  ${owner}`),
    '',
    'Files of ours, with all they call:',
    ...byFile.slice(0, 2 * lines).map(([file, share]) => `${percent(share)}  ${file}`),
    '',
    'Ours, most time in themselves (self, with what they call):',
    ...ours.toSorted((a, b) => b.self - a.self).slice(0, lines).map(({ where, self, total }) => `${percent(self)} ${percent(total)}  ${where}`),
    '',
    'Ours, most time with what they call (self, total):',
    ...ours.slice(0, lines).map(({ where, self, total }) => `${percent(self)} ${percent(total)}  ${where}`),
    '',
    'Others:',
    ...others.slice(0, lines).map(({ where, self }) => `${percent(self)}  ${where}`),
  ].join('\n')
}

interface Frame { readonly functionName: string, readonly url: string, readonly lineNumber: number }

function describe ({ functionName, url, lineNumber }: Frame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${placeOf(url)}:${lineNumber + 1} ${name}`
}

function placeOf (url: string): string {
  return url.startsWith('file://') ? relative(ROOT, fileURLToPath(url)) : url
}

function isOurs (where: string): boolean {
  return /^[a-z-]+\//.test(where) && !where.startsWith('node_modules/')
}

function ownerOf ({ functionName, url }: Frame): string {
  if (url === '') return functionName.startsWith('(') && functionName !== '(program)' ? functionName : 'native code'
  if (url.startsWith('node:')) return 'node'
  const parts = placeOf(url).split(sep)
  if (parts[0] !== 'node_modules') return parts.slice(0, parts[0] === 'gateway' && parts.length > 2 ? 2 : 1).join('/')
  return `npm ${parts.slice(1, parts[1]?.startsWith('@') === true ? 3 : 2).join('/')}`
}

function add (sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}
