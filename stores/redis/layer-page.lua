-- Reads documents of one layer in order of creation.
-- KEYS  1 layer (hash: state, children, chain) · 2 order (zset by seq) · 3 documents (hash of '<version> <seq> <json>')
-- ARGV  1 'ascending' or 'descending' · 2 seq beyond which to read · 3 how many at most
--       4 '1' to read although the layer was dropped (layers over it still see it)
-- Returns {1 readable or 0, id, row, …}
local state = redis.call('HGET', KEYS[1], 'state')
if not state or (state == 'dropped' and ARGV[4] ~= '1') then return { 0 } end
local ids
if ARGV[1] == 'ascending' then
  ids = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])
else
  ids = redis.call('ZREVRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '-inf', 'LIMIT', 0, ARGV[3])
end
local page = { 1 }
for _, id in ipairs(ids) do
  page[#page + 1] = id
  page[#page + 1] = redis.call('HGET', KEYS[3], id)
end
return page
