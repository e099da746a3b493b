-- Counts one layer more (+1, only over a frozen layer) or less (-1) above a layer.
-- KEYS  1 layer (hash: state, children, chain)
-- ARGV  1 '1' or '-1'
-- Returns 1 when counted (+1), or when the layer was dropped and nothing lies over it any more (-1); 0 otherwise
local state = redis.call('HGET', KEYS[1], 'state')
if ARGV[1] == '1' then
  if state ~= 'frozen' then return 0 end
  redis.call('HINCRBY', KEYS[1], 'children', 1)
  return 1
end
if not state then return 0 end
local children = redis.call('HINCRBY', KEYS[1], 'children', -1)
if state == 'dropped' and children == 0 then return 1 end
return 0
