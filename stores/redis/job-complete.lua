-- Removes a job from one queue shard.
-- KEYS  1 due times (zset) · 2 data (hash)
-- ARGV  1 id
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])
