-- Reads and deletes a value.
-- KEYS  1 value · 2 index of the space · 3 expiries of the space
-- ARGV  1 key
-- Returns the stored text '<expiresMs>:<json>', or nil
local found = redis.call('GET', KEYS[1])
if found then redis.call('DEL', KEYS[1]) end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return found
