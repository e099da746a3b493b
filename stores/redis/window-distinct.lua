-- A sliding count of distinct members, at most 4096 of them.
-- KEYS  1 members (zset by when each was last seen)
-- ARGV  1 windowMs · 2 nowMs · 3 '1' to add a member, '0' to read · 4 the member
-- Returns the count
local window, now = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[1], 'GT', now, ARGV[4])
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -4097)
  redis.call('PEXPIRE', KEYS[1], window)
end
return redis.call('ZCARD', KEYS[1])
