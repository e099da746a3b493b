-- Checks and applies a change to one layer, its jobs and its `once` outcome: all or nothing. Layers below are frozen; what
-- they hold comes with the plan.
-- KEYS  1 layer (hash: state, children, chain) · 2 collections (hash: 'v:<name>' version, 's:<name>' last seq) · 3 outcome
--       then for each collection: documents (hash of '<version> <seq> <json>', no json: deleted), order (zset by seq)
--       then for each queue: due times (zset), data (hash)
-- ARGV  1 plan, JSON: { collections: [[name, last seq below]], reads: [[collection, id, version, version below]],
--       scans: [[collection, version]], writes: [[collection, id, json or false, version below, seq below, alive below]],
--       jobs: [[queue, id, dueMs, payload]], once: [stored text, nowMs, ttlMs] or false }; collections and queues count from 1
-- Returns {'committed'}, {'conflict'}, {'closed'} or {'known', outcome}
local plan = cjson.decode(ARGV[1])
if redis.call('HGET', KEYS[1], 'state') ~= 'writable' then return { 'closed' } end

if plan.once then
  local found = redis.call('GET', KEYS[3])
  if found then
    local expires, outcome = string.match(found, '^(%d+):(.*)$')
    if tonumber(expires) > plan.once[2] then return { 'known', outcome } end
  end
end

local function documents(collection) return KEYS[2 + collection * 2] end
local function order(collection) return KEYS[3 + collection * 2] end
local function find(collection, id)
  local row = redis.call('HGET', documents(collection), id)
  if not row then return nil end
  local version, seq, first = string.match(row, '^(%d+) (%d+) (.?)')
  return tonumber(version), tonumber(seq), first ~= ''
end

for _, read in ipairs(plan.reads) do
  local version, _, alive = find(read[1], read[2])
  if not version then version = read[4] elseif not alive then version = 0 end
  if version ~= read[3] then return { 'conflict' } end
end
for _, scan in ipairs(plan.scans) do
  local version = tonumber(redis.call('HGET', KEYS[2], 'v:' .. plan.collections[scan[1]][1]) or '0')
  if version ~= scan[2] then return { 'conflict' } end
end

local lastSeqs = {}
for _, write in ipairs(plan.writes) do
  local collection, id, json = write[1], write[2], write[3]
  local name = plan.collections[collection][1]
  if not lastSeqs[collection] then
    lastSeqs[collection] = tonumber(redis.call('HGET', KEYS[2], 's:' .. name) or plan.collections[collection][2])
    redis.call('HINCRBY', KEYS[2], 'v:' .. name, 1)
  end
  local version, seq, alive = find(collection, id)
  if not version then version, seq, alive = write[4], write[5], write[6] end
  if json and not alive then
    seq = lastSeqs[collection] + 1
    lastSeqs[collection] = seq
  end
  if json or version > 0 then
    redis.call('HSET', documents(collection), id, string.format('%.0f %.0f ', version + 1, seq) .. (json or ''))
    if json then redis.call('ZADD', order(collection), seq, id) else redis.call('ZREM', order(collection), id) end
  end
end
for collection, last in pairs(lastSeqs) do redis.call('HSET', KEYS[2], 's:' .. plan.collections[collection][1], string.format('%.0f', last)) end

local firstQueue = 3 + #plan.collections * 2
for _, job in ipairs(plan.jobs) do
  local due, data = KEYS[firstQueue + job[1] * 2 - 1], KEYS[firstQueue + job[1] * 2]
  if redis.call('ZADD', due, 'NX', string.format('%.0f', job[3]), job[2]) == 1 then redis.call('HSET', data, job[2], '0 ' .. job[4]) end
end
if plan.once then redis.call('SET', KEYS[3], plan.once[1], 'PX', string.format('%.0f', plan.once[3])) end
return { 'committed' }
