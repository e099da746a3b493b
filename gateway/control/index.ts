/** The control API: what developers do with their sandbox and what operators do with all of them. It knows no HTTP. */
export { clientRoutes } from './client-routes.ts'
export { createControlCredentials, type ControlCredentials } from './credentials.ts'
export { newSandboxBody, operatorRoutes } from './operator-routes.ts'
export { refused, type ControlAnswer, type ControlRequest, type ControlRoute } from './route.ts'
export { sandboxRoutes } from './sandbox-routes.ts'
export { createSandboxes, type NewSandbox, type Sandboxes } from './sandboxes.ts'
export { webhookRoutes } from './webhook-routes.ts'
