-- A fixed window for rate-limiter-flexible (customIncrTtlLuaScript): unlike its own script, a refused cost is not counted.
-- KEYS  1 units spent
-- ARGV  1 cost · 2 window in seconds · 3 limit
-- Returns {units spent, the refused cost included, milliseconds left of the window}
local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
local cost = tonumber(ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if spent + cost > tonumber(ARGV[3]) then
  if left < 0 then left = 0 end
  return { spent + cost, left }
end
if left < 0 then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  return { cost, tonumber(ARGV[2]) * 1000 }
end
return { redis.call('INCRBY', KEYS[1], ARGV[1]), left }
