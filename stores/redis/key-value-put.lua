-- Stores a value and its place in the index of its space; forgets up to four index entries that have expired.
-- KEYS  1 value · 2 index of the space (zset by name) · 3 expiries of the space (zset by time)
-- ARGV  1 key · 2 stored text '<expiresMs>:<json>' · 3 nowMs · 4 expiresMs, 0 for never · 5 ttlMs, 0 for none
--       6 'absent' to create only
-- Returns 1 when stored, 0 when a live value is there
local now = tonumber(ARGV[3])
if ARGV[6] == 'absent' then
  local found = redis.call('GET', KEYS[1])
  if found then
    local expires = tonumber(string.match(found, '^(%d+):'))
    if expires == 0 or expires > now then return 0 end
  end
end
for _, stale in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 4)) do
  redis.call('ZREM', KEYS[2], stale)
  redis.call('ZREM', KEYS[3], stale)
end
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if ARGV[5] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[5])
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
end
return 1
