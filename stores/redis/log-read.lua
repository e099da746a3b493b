-- Reads a page, newest first, passing over entries that are gone or too old.
-- KEYS  1 order (zset by position) · 2 data (hash) · 3 where to read: the order or a link (zset by position)
-- ARGV  1 '1' when there is a bound · 2 id that the page lies before · 3 how many at most · 4 oldest time kept, ms
-- Returns a flat list: id, head, value, …
local bound = '+inf'
if ARGV[1] == '1' then
  local position = redis.call('ZSCORE', KEYS[1], ARGV[2])
  if not position then return {} end
  bound = '(' .. position
end
local page, limit, offset = {}, tonumber(ARGV[3]), 0
while #page < limit * 3 do
  local ids = redis.call('ZREVRANGEBYSCORE', KEYS[3], bound, '-inf', 'LIMIT', offset, limit)
  if #ids == 0 then break end
  for _, id in ipairs(ids) do
    local head = redis.call('HGET', KEYS[2], 'm:' .. id)
    if head and tonumber(string.match(head, '^{"atMs":(%-?%d+)')) > tonumber(ARGV[4]) and #page < limit * 3 then
      page[#page + 1] = id
      page[#page + 1] = head
      page[#page + 1] = redis.call('HGET', KEYS[2], 'v:' .. id)
    end
  end
  offset = offset + #ids
end
return page
