-- KEYS: 1 the archives, 2 a session. ARGV: 2 its member of the archives, 3 for how many ms it is the caller's. Replies:
-- unknown | refused, state | begun, number of the try, now in ms, the session's record. Only what is due is begun: who has
-- begun holds it, and who dies leaves it to the next one.
local s = redis.call('HMGET', KEYS[2], 'state', 'tries')
if not s[1] then return { 'unknown' } end
local due = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]))
if (s[1] ~= 'ended' and s[1] ~= 'archiving') or not due or due > NOW then return { 'refused', s[1] } end
local tries, next_ms = text((tonumber(s[2]) or 0) + 1), text(NOW + tonumber(ARGV[3]))
redis.call('HSET', KEYS[2], 'state', 'archiving', 'tries', tries, 'next_ms', next_ms)
redis.call('PERSIST', KEYS[2])
redis.call('ZADD', KEYS[1], next_ms, ARGV[2])
return { 'begun', tries, text(NOW), redis.call('HGETALL', KEYS[2]) }
