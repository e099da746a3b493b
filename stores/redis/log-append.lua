-- Appends entries to a stream and trims it by count and age.
-- KEYS  1 order (zset by position) · 2 data (hash: 'm:<id>' head, 'v:<id>' value) · 3 last position · 4… links (zsets by position)
-- ARGV  1 oldest time kept, ms · 2 entries kept · 3 time kept, ms · then for each entry:
--       id, head '{"atMs":<ms>…}', value, number of links, for each link the index of its key
local order, data = KEYS[1], KEYS[2]
local function remove(id)
  redis.call('ZREM', order, id)
  redis.call('HDEL', data, 'm:' .. id, 'v:' .. id)
end

local i = 4
while i <= #ARGV do
  local id, links = ARGV[i], tonumber(ARGV[i + 3])
  if redis.call('HSETNX', data, 'm:' .. id, ARGV[i + 1]) == 1 then
    local position = redis.call('INCR', KEYS[3])
    redis.call('HSET', data, 'v:' .. id, ARGV[i + 2])
    redis.call('ZADD', order, position, id)
    for link = 1, links do redis.call('ZADD', KEYS[tonumber(ARGV[i + 3 + link])], position, id) end
  end
  i = i + 4 + links
end

local kept = tonumber(ARGV[2])
local excess = redis.call('ZCARD', order) - kept
if excess > 0 then
  for _, id in ipairs(redis.call('ZRANGE', order, 0, excess - 1)) do remove(id) end
end
for _, id in ipairs(redis.call('ZRANGE', order, 0, 49)) do
  local at = tonumber(string.match(redis.call('HGET', data, 'm:' .. id), '^{"atMs":(%-?%d+)'))
  if at > tonumber(ARGV[1]) then break end
  remove(id)
end
for link = 4, #KEYS do redis.call('ZREMRANGEBYRANK', KEYS[link], 0, -kept - 1) end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
return 1
