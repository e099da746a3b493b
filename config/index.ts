/**
 * Configuration: one YAML file, overridden by the environment and by flags, checked as a whole before anything starts.
 *
 * It reads files and environment once and hands out a frozen value; nothing reads configuration again. It knows names,
 * types and files, not what the parts do with them: expressions in rules and behaviours are compiled by their users, who
 * give what they find wrong back to `locateProblems`.
 */
export { findPathConflicts, type ServedPaths } from './check/check-apis.ts'
export { productionRequirements } from './check/development-defaults.ts'
export type { ApiConfig, Config, LimitPlanConfig } from './config.ts'
export type { Setting } from './describe-settings.ts'
export { formatProblems, formatWarnings } from './format-problems.ts'
export { loadConfig, shippedConfigFile, type LoadOptions, type LoadOutcome } from './load.ts'
export { loadBehaviour, loadOpenApi, loadRules, type LoadRulesOutcome } from './load-documents.ts'
export type { ConfigProblem } from './problem.ts'
export { locateProblems, readYaml, type CompileProblem, type ReadYamlOutcome, type YamlDocument } from './read-yaml.ts'
export { BehaviourSchema } from './schema/behaviour.ts'
export { ConfigSchema } from './schema/config.ts'
export { RuleSchema } from './schema/rule.ts'
