-- Adds a job unless the queue shard holds its id.
-- KEYS  1 due times (zset) · 2 data (hash of '<attempt> <payload>')
-- ARGV  1 id · 2 dueMs · 3 payload
if redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1]) == 1 then redis.call('HSET', KEYS[2], ARGV[1], '0 ' .. ARGV[3]) end
return 1
