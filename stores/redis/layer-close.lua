-- Freezes or drops a layer.
-- KEYS  1 layer (hash: state, children, chain)
-- ARGV  1 'frozen' or 'dropped'
-- Returns 1 when the layer was dropped by this call and nothing lies over it; 0 otherwise
local state = redis.call('HGET', KEYS[1], 'state')
if not state or state == 'dropped' or state == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1])
if ARGV[1] == 'dropped' and tonumber(redis.call('HGET', KEYS[1], 'children') or '0') == 0 then return 1 end
return 0
