-- KEYS: 1 the streams. ARGV: 1 a stream that is gone, 2 when in ms: one that was accessed later is there again.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) <= tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
