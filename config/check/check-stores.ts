import type { CrossCheck } from './check.ts'

/** Refuses a Redis URL that is none; the URL itself is never told, because it may hold a password. */
export const checkStores: CrossCheck = {
  reads: [['stores']],
  run: ({ stores }) => {
    const url = stores.redis.url
    if (URL.canParse(url) && /^rediss?:\/\/[^/]/.test(url)) return []
    return [{ path: ['stores', 'redis', 'url'], part: 'value', found: '[secret]', expected: 'a URL such as redis://host:6379 or rediss://user:password@host:6380', hint: 'Characters such as @ and / in a password are written as %40 and %2F.' }]
  }
}
