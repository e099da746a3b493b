-- Claims due jobs of one queue shard, oldest first: their due time becomes the end of the lease.
-- KEYS  1 due times (zset) · 2 data (hash of '<attempt> <payload>')
-- ARGV  1 nowMs · 2 how many at most · 3 end of the lease, ms
-- Returns a flat list: id, dueMs, attempt, payload, …
local claimed = {}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #due, 2 do
  local id = due[i]
  local attempt, payload = string.match(redis.call('HGET', KEYS[2], id), '^(%d+) (.*)$')
  attempt = attempt + 1
  redis.call('HSET', KEYS[2], id, attempt .. ' ' .. payload)
  redis.call('ZADD', KEYS[1], ARGV[3], id)
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = due[i + 1]
  claimed[#claimed + 1] = tostring(attempt)
  claimed[#claimed + 1] = payload
end
return claimed
