-- KEYS: 1 the archives, 2 a session. ARGV: 2 its member of the archives, 3 begin | end | forget, 4 for how many ms its
-- deletion is the caller's. Replies: unknown | refused, state | done. The folder goes between begin and end; what has no
-- record is forgotten.
local state = redis.call('HGET', KEYS[2], 'state')
if not state then
  if ARGV[3] == 'forget' then redis.call('ZREM', KEYS[1], ARGV[2]) end
  return { 'unknown' }
end
if ARGV[3] == 'begin' then
  local due = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]))
  local may_go = state == 'ready' or state == 'failed' or state == 'deleting'
  if not may_go or not due or due > NOW then return { 'refused', state } end
  local next_ms = text(NOW + tonumber(ARGV[4]))
  redis.call('HSET', KEYS[2], 'state', 'deleting', 'next_ms', next_ms)
  redis.call('ZADD', KEYS[1], next_ms, ARGV[2])
  return { 'done' }
end
if ARGV[3] ~= 'end' or state ~= 'deleting' then return { 'refused', state } end
redis.call('HSET', KEYS[2], 'state', 'deleted')
redis.call('EXPIRE', KEYS[2], DAY)
redis.call('ZREM', KEYS[1], ARGV[2])
return { 'done' }
