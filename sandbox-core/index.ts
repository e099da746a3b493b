/**
 * Any OpenAPI document becomes a stateful sandbox: documents are compiled, worlds are layers over a shared baseline, and one
 * request is one commit. It runs with no HTTP server and no authentication; when the store is lost, operations throw
 * StoreUnavailable and nothing is half-written.
 */
export { compileApi, type CompiledApi } from './compile-api.ts'
export { createSandboxCore, type SandboxCore, type SandboxCoreDeps } from './create-sandbox-core.ts'
export { SandboxUnknown } from './world/create-worlds.ts'
export type { CoreOperation, CoreRequest } from './behaviour/core-operation.ts'
export type { CoreFailure, CoreReply } from './behaviour/execution.ts'
export type { TriggerDescription } from './behaviour/model.ts'
export type { SandboxClock } from './world/sandbox-clock.ts'
export type { CompileProblem, SupportNote } from './openapi/document.ts'
export { createGuardedFetch, type GuardedFetch } from './webhooks/guarded-fetch.ts'
export { createWebhooks, type WebhookOptions, type Webhooks, type WebhooksDeps } from './webhooks/create-webhooks.ts'
