-- A sliding count or sum. Entries are exact up to 256; beyond, those of one 64th of the window are joined under the time of
-- the newest.
-- KEYS  1 entries (zset by time of '<n>:<amount>') · 2 hash of total and n
-- ARGV  1 windowMs · 2 nowMs · 3 amount, '' to read only
-- Returns the total over (nowMs - windowMs, nowMs] as text
local window, now = tonumber(ARGV[1]), tonumber(ARGV[2])
local function amountOf(member) return tonumber(string.match(member, ':(.*)$')) end
local function text(number) return string.format('%.17g', number) end

local total = tonumber(redis.call('HGET', KEYS[2], 'total') or '0')
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - window)
for _, member in ipairs(expired) do total = total - amountOf(member) end
if #expired > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window) end
local count = redis.call('ZCARD', KEYS[1])
if count == 0 then total = 0 end

if ARGV[3] ~= '' then
  local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  local at = math.max(now, tonumber(newest[2] or now))
  local n = redis.call('HINCRBY', KEYS[2], 'n', 1)
  redis.call('ZADD', KEYS[1], text(at), n .. ':' .. ARGV[3])
  total = total + tonumber(ARGV[3])
  count = count + 1
end

if count > 256 then
  local entries = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
  redis.call('DEL', KEYS[1])
  local bucket, at, amount = nil, nil, 0
  total = 0
  local function store()
    if not bucket then return end
    redis.call('ZADD', KEYS[1], text(at), redis.call('HINCRBY', KEYS[2], 'n', 1) .. ':' .. text(amount))
    total = total + amount
  end
  for i = 1, #entries, 2 do
    local entryAt = tonumber(entries[i + 1])
    local entryBucket = math.floor(entryAt * 64 / window)
    if entryBucket ~= bucket then
      store()
      bucket, amount = entryBucket, 0
    end
    at, amount = entryAt, amount + amountOf(entries[i])
  end
  store()
end

if ARGV[3] ~= '' or #expired > 0 then
  redis.call('HSET', KEYS[2], 'total', text(total))
  redis.call('PEXPIRE', KEYS[1], window)
  redis.call('PEXPIRE', KEYS[2], window)
end
return text(total)
