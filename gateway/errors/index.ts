/** How refusals look on the wire: problem documents on the api and control surfaces, OAuth errors on the token surface. */
export type { PublicRefusal, RefusalRenderer, RenderedRefusal } from './error-renderer.ts'
export { renderOAuthError } from './to-oauth.ts'
export { createProblemRenderer } from './to-problem.ts'
