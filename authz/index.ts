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
export { CLIENTS_MAX, ClientQuotaExceeded, ClientRefused, type ClientChange, type Clients, type ClientView, type CreatedClient, type NewClient } from './clients/clients.ts'
export { joinMetadata, splitMetadata } from './clients/split-metadata.ts'
export { EXPOSED_HEADERS } from './clients/guard-origins.ts'
export type { SelfSignedVerdict } from './clients/self-signed-certificate.ts'
export type { Outbound } from './outbound.ts'
export type { RegistrationToken, RegistrationTokens } from './registration/registration-tokens.ts'
export { createAuthorizationServer } from './create-authorization-server.ts'
export { TOKEN_BODY_BYTES_MAX, type TokenRequestPeek } from './clients/read-token-request.ts'
export type { TokenWatch, WatchedToken } from './explanations/token-watch.ts'
export type { AuthorizationFailure } from './provider/report-failures.ts'
export type { AuthorizationNote } from './interaction/headless-login.ts'
export type { Consent } from './interaction/consents.ts'
export type { BackchannelRequest } from './backchannel/backchannel-requests.ts'
export { BACKCHANNEL_SECONDS_MAX, describeConditions, ONE_TIME_CODE, SLOW_SECONDS_MAX, type BackchannelCondition, type UserConditions } from './interaction/users/conditions.ts'
export { UserRefused, type NewTestUser, type TestUser, type TestUserChange, type TestUsers } from './interaction/users/test-users.ts'
export { generateSigningKey } from './tokens/signing-keys.ts'
export type { TokenExpectation, TokenVerdict } from './tokens/verify-access-token.ts'
export { checkParity, recordParity } from './parity/check-parity.ts'
export { ClientsSchema, resolveClients, type ResolvedClients } from './parity/clients-file.ts'
export { AcceptSchema } from './parity/compare/accept.ts'
export { importProfile, type ImportedProfile } from './parity/import/import-profile.ts'
export { readProduction, type ReadFailure, type ReadOptions } from './parity/import/read-production.ts'
export { renderImport, renderImportJson } from './parity/import/render-import.ts'
export type { ProfileRules } from './parity/import/source.ts'
export { writeFragment } from './parity/import/write-fragment.ts'
export { readRecording, writeRecording, type Recording } from './parity/recording.ts'
export { renderHtml } from './parity/report/render-html.ts'
export { renderJson } from './parity/report/render-json.ts'
export { renderJunit } from './parity/report/render-junit.ts'
export { renderText } from './parity/report/render-text.ts'
export { isPassed } from './parity/report/report.ts'
export type { LiveSide, TestClient } from './parity/side.ts'
export { writeSuggestion } from './parity/suggest/write-suggestion.ts'
