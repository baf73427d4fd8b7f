#!lua flags=allow-oom
-- KEYS: 1 the log's state. ARGV: 1 the number of a segment above which the next one is to be.
local s = redis.call('HMGET', KEYS[1], 'epoch', 'floor')
if s[1] and tonumber(ARGV[1]) > (tonumber(s[2]) or 0) then redis.call('HSET', KEYS[1], 'floor', ARGV[1]) end
return { 'done' }
