-- KEYS: 1 the archives, 2 a session. ARGV: 2 its member of the archives, 3 number of the caller's try, 4 the state that it
-- gets (archiving: it is held on), 5 after how many ms it is due, for ready and failed at which ms, 6 what went wrong ('':
-- nothing). Replies: done | refused, state. Of two that are at it the later try counts.
local s = redis.call('HMGET', KEYS[2], 'state', 'tries')
if s[1] ~= 'archiving' or s[2] ~= ARGV[3] then return { 'refused', s[1] or '' } end
local state, due = ARGV[4], tonumber(ARGV[5])
if state == 'archiving' or state == 'ended' then
  due = NOW + due
else
  redis.call('HSET', KEYS[2], 'expires_ms', text(due))
end
redis.call('HSET', KEYS[2], 'state', state, 'next_ms', text(due), 'error', ARGV[6])
redis.call('ZADD', KEYS[1], text(due), ARGV[2])
return { 'done' }
