-- Replaces the value of an entry that is still kept.
-- KEYS  1 data (hash)
-- ARGV  1 id · 2 value
if redis.call('HEXISTS', KEYS[1], 'm:' .. ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'v:' .. ARGV[1], ARGV[2])
return 1
