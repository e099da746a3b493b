/**
 * Abuse rules: what they may say (YAML with CEL), their compilation at load, and the engine that counts signals, judges
 * requests and outcomes, and keeps bans. A rule that fails, or a store that is lost, never refuses a request.
 */
export { compileRules, type CompiledAction, type CompiledRule } from './compile-rules.ts'
export { createAbuseEngine, type AbuseEngine, type AbuseEngineDeps } from './create-abuse-engine.ts'
export type { Ban, BanList } from './create-ban-list.ts'
export type { OutcomeFacts, RequestFacts } from './facts.ts'
export type { RuleDefinition, RuleProblem } from './rule-definition.ts'
export type { RuleOutcome } from './rule-outcome.ts'
export { outcomeVariables, requestVariables } from './variables.ts'
