import type { Json } from '../../../kernel/index.ts'
import { cannot, implied, type ImportedSetting, type Unreproduced } from './finding.ts'
import type { ProfileRules, Refusal } from './source.ts'

export interface Settled {
  readonly settings: readonly ImportedSetting[]
  readonly refused: readonly Unreproduced[]
}

const ROUNDS_MAX = 40
const PATHS = 'profile.paths.'

/**
 * Leaves out what the configuration refuses, with its own words for why, until the rest is accepted: what comes out loads.
 *
 * An endpoint that production does not have may stand, by its default, on a path that one of production's needs; it is then
 * moved out of the way.
 */
export function settle (settings: readonly ImportedSetting[], rules: ProfileRules): Settled {
  let now: Settled = { settings, refused: [] }
  const moved = new Set<string>()
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const refusals = rules.judge(now.settings)
    if (refusals.length === 0) return now
    now = yieldTo(now, refusals, rules, moved)
  }
  return withoutPaths(now, rules)
}

function yieldTo (now: Settled, refusals: readonly Refusal[], rules: ProfileRules, moved: Set<string>): Settled {
  const dropped = now.settings.filter((setting) => refusals.some((refusal) => isAbout(refusal, setting)))
  if (dropped.length > 0) {
    return {
      settings: now.settings.filter((setting) => !dropped.includes(setting)),
      refused: [...now.refused, ...dropped.flatMap((setting) => whyDropped(setting, refusals))],
    }
  }
  const inTheWay = refusals.filter(({ path }) => path.startsWith(PATHS) && !moved.has(path))
  for (const { path } of inTheWay) moved.add(path)
  // Nothing imported is at fault and nothing is left to move: the lot is given up, which has not been seen to happen.
  if (inTheWay.length === 0) return { settings: [], refused: [...now.refused, ...now.settings.map((setting) => cannot(setting.member, setting.value, refusals[0]?.why ?? ''))] }
  return { ...now, settings: [...now.settings, ...inTheWay.map(({ path }) => moveAway(path, rules.defaultAt(path) ?? ''))] }
}

function isAbout ({ path }: Refusal, setting: ImportedSetting): boolean {
  return path === setting.path || path.startsWith(`${setting.path}[`) || path.startsWith(`${setting.path}.`)
}

/** Of something moved by us, nobody needs to hear that it moved back. */
function whyDropped (setting: ImportedSetting, refusals: readonly Refusal[]): Unreproduced[] {
  const why = refusals.find((refusal) => isAbout(refusal, setting))?.why ?? ''
  return setting.isStated ? [cannot(setting.member, setting.value, `the configuration refuses ${setting.path}: ${why}`)] : []
}

function moveAway (path: string, fallback: Json): ImportedSetting {
  return implied(path, `/unused${typeof fallback === 'string' ? fallback : ''}`, 'paths', 'production has none; out of the way of another endpoint')
}

/** The last resort against paths that get in each other's way again and again. */
function withoutPaths ({ settings, refused }: Settled, rules: ProfileRules): Settled {
  const kept = settings.filter(({ path }) => !path.startsWith(PATHS))
  const given = settings.filter((setting) => !kept.includes(setting))
  const isAccepted = rules.judge(kept).length === 0
  const left = isAccepted ? given : settings
  return { settings: isAccepted ? kept : [], refused: [...refused, ...left.map((setting) => cannot(setting.member, setting.value, 'it does not fit with the other settings'))] }
}
