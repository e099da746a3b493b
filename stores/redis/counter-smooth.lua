-- The generic cell rate algorithm in whole numbers, as gcra.ts does it: a unit costs windowMs points, a millisecond pays
-- `limit` of them back.
-- KEYS  1 debt, '<atMs>:<points>'
-- ARGV  1 limit · 2 windowMs · 3 burst · 4 nowMs · 5 cost
-- Returns {1 allowed or 0 refused, points owed now (text: may exceed 32 bits)}
local limit, window, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, price = tonumber(ARGV[4]), tonumber(ARGV[5]) * window
local owed = 0
local found = redis.call('GET', KEYS[1])
if found then
  local at, points = string.match(found, '^(%d+):(%d+)$')
  if tonumber(at) > now then now = tonumber(at) end
  owed = math.max(0, tonumber(points) - (now - tonumber(at)) * limit)
end
if owed + price > burst * window then return { 0, string.format('%.0f', owed) } end
owed = owed + price
redis.call('SET', KEYS[1], string.format('%.0f:%.0f', now, owed), 'PX', string.format('%.0f', math.ceil(owed / limit)))
return { 1, string.format('%.0f', owed) }
