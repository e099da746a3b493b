-- Points a name to a layer if it points to what is expected.
-- KEYS  1 the name
-- ARGV  1 '1' when a layer is expected, '0' for none · 2 the expected layer · 3 the new one
-- Returns 1 when moved
local found = redis.call('GET', KEYS[1])
if ARGV[1] == '0' and found then return 0 end
if ARGV[1] == '1' and found ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
return 1
