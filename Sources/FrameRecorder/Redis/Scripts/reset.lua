-- KEYS: 1 the device's record, 2 its log, 3 its segments, 4 its last number, 5 the partition's trash. ARGV: 2 whether counter
-- and session stay, 3 what the next number has to be above ('': it is 0), 4 the device, 5 what the keys of sessions begin
-- with, 6 lifetime of a record in s. Replies: reset, segments that were listed, sessions that were active. A batch in work is
-- refused from now on: its generation is over.
local DEVICE, LOG, SEGMENTS, SEQUENCE, TRASH = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local stays, above, device, sessions, lifetime = ARGV[2] == '1', ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local listed = math.max(redis.call('ZCARD', SEGMENTS), redis.call('XLEN', LOG))
local ended = 0
redis.call('DEL', LOG, SEGMENTS)
local prefix = device .. ':'
for _, member in ipairs(redis.call('ZRANGE', TRASH, 0, -1)) do
  if string.sub(member, 1, #prefix) == prefix then redis.call('ZREM', TRASH, member) end
end
if redis.call('EXISTS', DEVICE, SEQUENCE) == 0 then return { 'reset', text(listed), '0' } end

redis.call('HINCRBY', DEVICE, 'generation', 1)
redis.call('HSET', DEVICE, 'indexed_at', text(NOW), 'backlog', '0')
redis.call('HDEL', DEVICE, 'reserved', 'reserved_epoch')
if not stays then
  local session = redis.call('HGET', DEVICE, 'session')
  if session and session ~= '' then ended = redis.call('DEL', sessions .. session) end
  redis.call('HDEL', DEVICE, 'session', 'next_pts', 'cc', 'msn', 'dsn', 'last_capture')
  if above == '' then
    redis.call('DEL', SEQUENCE)
  else
    local last = math.max(tonumber(redis.call('GET', SEQUENCE)) or -1, tonumber(above))
    redis.call('SET', SEQUENCE, text(last), 'EX', lifetime)
  end
end
redis.call('EXPIRE', DEVICE, lifetime)
return { 'reset', text(listed), text(ended) }
