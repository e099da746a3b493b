-- Reads one field of what a layer holds, if the layer may be read.
-- KEYS  1 layer (hash: state, children, chain) · 2 hash to read from
-- ARGV  1 field
-- Returns {1 readable or 0, the field or false}
local state = redis.call('HGET', KEYS[1], 'state')
if not state or state == 'dropped' then return { 0 } end
return { 1, redis.call('HGET', KEYS[2], ARGV[1]) }
