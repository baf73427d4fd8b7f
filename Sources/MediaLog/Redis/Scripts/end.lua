#!lua flags=allow-oom
-- KEYS: 1 the log's state, 2 the log. ARGV: 1 epoch, 2 how it ends, 3 lifetime of the log in s, 4 of the state.
local s = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'head', 'end_id')
local owner, mine = tonumber(s[1]), tonumber(ARGV[1])
if not owner or owner < mine then return { 'lost' } end
if owner > mine or s[2] ~= '1' then return { 'fenced', s[1] } end
if s[4] then redis.call('XDEL', KEYS[2], s[4]) end
local id = redis.call('XADD', KEYS[2], s[3] .. '-*', 'end', ARGV[2])
redis.call('HSET', KEYS[1], 'end_id', id)
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return { 'taken' }
