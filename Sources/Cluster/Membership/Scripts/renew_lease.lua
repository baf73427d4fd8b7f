#!lua flags=allow-oom
-- KEYS: 1 a lease. ARGV: 1 boot token, 2 renewal number, 3 lifetime in ms. Answers 1: renewed, 2: there was none, or what
-- another life of the worker has there.
local held = redis.call('GET', KEYS[1])
local own = ARGV[1] .. ':'
if held and string.sub(held, 1, #own) ~= own then return held end
redis.call('SET', KEYS[1], own .. ARGV[2], 'PX', ARGV[3])
return held and 1 or 2
