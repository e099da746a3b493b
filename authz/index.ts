/**
 * The OAuth 2.0 and OpenID Connect authorization server, on oidc-provider, as production has it: every grant, lifetime and
 * error of the profile, for all sandboxes under one issuer.
 *
 * Here are clients, test users, tokens, the pages that people see, and the verifier that the API's hot path asks. A client or
 * user of one sandbox is never seen by another. What goes over the wire is the library's; the cause of every refusal goes to
 * `onFailure`.
 */
export type { AuthorizationServer, AuthorizationServerDeps, PresentedCertificate } from './authorization-server.ts'
export type { AuthorizationProfile, Brand, ProtectedApi } from './authorization-profile.ts'
export { ClientRefused, type Clients, type ClientView, type CreatedClient, type NewClient } from './clients/clients.ts'
export { createAuthorizationServer } from './create-authorization-server.ts'
export { TOKEN_BODY_BYTES_MAX, type TokenRequestPeek } from './clients/read-token-request.ts'
export type { AuthorizationFailure } from './provider/report-failures.ts'
export type { TestUser, TestUsers } from './interaction/test-users.ts'
export type { TokenExpectation, TokenVerdict } from './tokens/verify-access-token.ts'
