-- KEYS: 1 a session, 2 the archives. ARGV: 2 the device, 3 the session's id. The session's archive is due now; what is due is
-- deleted by whoever has the checker's lease. Replies: unknown | unfinished, state | due. Anybody may call it.
local s = redis.call('HMGET', KEYS[1], 'state', 'pair')
if not s[1] or s[2] ~= ARGV[2] then return { 'unknown' } end
if s[1] == 'ended' or s[1] == 'archiving' or s[1] == 'active' then return { 'unfinished', s[1] } end
if s[1] ~= 'ready' and s[1] ~= 'failed' then return { 'unknown' } end
redis.call('HSET', KEYS[1], 'expires_ms', text(NOW), 'next_ms', text(NOW))
redis.call('ZADD', KEYS[2], text(NOW), ARGV[2] .. ':' .. ARGV[3])
return { 'due' }
