-- KEYS: 1 the archives, 2 a session. ARGV: 2 its member of the archives, 3 when it expires in ms, 4… fields of its record. An
-- archive that is on the disk and not here. Replies: known | entered.
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'known' } end
redis.call('HSET', KEYS[2], 'state', 'ready', 'next_ms', ARGV[3], 'expires_ms', ARGV[3], unpack(ARGV, 4))
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
return { 'entered' }
