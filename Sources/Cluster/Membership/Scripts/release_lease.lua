#!lua flags=allow-oom
-- KEYS: 1 a lease. ARGV: 1 boot token. Takes the lease away if it is of that life.
local held = redis.call('GET', KEYS[1])
local own = ARGV[1] .. ':'
if held and string.sub(held, 1, #own) == own then return redis.call('DEL', KEYS[1]) end
return 0
