/**
 * Configuration: one YAML file, overridden by the environment and by flags, checked as a whole before anything starts.
 *
 * It reads files and environment once and hands out a frozen value; nothing reads configuration again. It knows names,
 * types and files, not what the parts do with them: expressions in rules and behaviours are compiled by their users.
 */
export type { ApiConfig, Config, LimitPlanConfig } from './config.ts'
export { ConfigSchema } from './schema/config.ts'
