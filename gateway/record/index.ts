/** What is kept and counted of each request: the record, its explanation, and the metrics. Nothing here refuses a request. */
export { readClaimedClient } from './claimed-client.ts'
export { explain } from './explain.ts'
export { createHandshakes, type HandshakeEntry, type Handshakes } from './handshakes.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { createFailureNotes } from './note-failure.ts'
export { createRequestRecords, type RecordFilter, type RequestRecord, type RequestRecords } from './request-records.ts'
export type { TokenLine } from './token-line.ts'
export { createTokenLines, type TokenLines } from './token-lines.ts'
