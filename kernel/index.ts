/**
 * The leaf vocabulary that every folder shares: errors, verdicts, identities, time, durations, ids, secrets, JSON.
 * It performs no I/O and imports nothing of ours and no package; a file enters only when three folders need it.
 */
export { systemClock, type Clock } from './clock.ts'
export { parseDurationMs } from './duration.ts'
export { errors, errorEntry, type ErrorCode } from './errors.ts'
export { clauseUrl, type Explanation } from './explanation.ts'
export type { AccountId, Caller, CertificateThumbprint, ClientId, RequestId, SandboxId } from './identity.ts'
export { randomId, randomToken } from './ids.ts'
export { appendPointer, isJsonObject, type Json, type JsonObject } from './json.ts'
export { Secret } from './secret.ts'
export { version } from './version.ts'
export { PASS, pass, refuse, type Finding, type Mode, type Refusal, type Surface, type Verdict } from './verdict.ts'
export { whenSettled } from './when-settled.ts'
