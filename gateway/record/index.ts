/** What is kept and counted of each request: the record, its explanation, and the metrics. Nothing here refuses a request. */
export { readClaimedClient } from './claimed-client.ts'
export { explain, type Explanation } from './explain.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { createRequestRecords, type RequestRecord, type RequestRecords } from './request-records.ts'
