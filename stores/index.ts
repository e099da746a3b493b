/**
 * Where state lives: ports, and two drivers behind them. This folder alone knows node:sqlite and Redis; it knows nothing of
 * sandboxes, tokens or payments. When a store is lost, every port throws StoreUnavailable within its deadline.
 */
export * from './ports.ts'
export { openEmbeddedStores } from './embedded/stores.ts'
export { createFallbackCounter } from './fallback-counter.ts'
export { createLocalCounter } from './local-counter.ts'
export { openRedisStores, type RedisStoresOptions } from './redis/stores.ts'
