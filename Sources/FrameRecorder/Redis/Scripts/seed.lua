-- KEYS: 1 the partition, 2 the device's record, 3 its last number, 4 its log, 5 its segments. ARGV 4: lifetime of a record in s,
-- 5 the largest number on the disk ('': none), 6 target duration, 7 whether this is the last part, then a list of segments:
-- number, session, msn, dsn, pts, duration, capture times of the first and the last frame, wall clock, bytes, frames, size.
-- Replies: fenced | known | seeded. What the log has stays; the device is known once the last part is there.
-- Without a worker it is a sweep's: who comes second finds what the first one has done.
local fenced = ARGV[2] ~= '' and fence()
if fenced then return fenced end
local DEVICE, SEQUENCE, LOG, SEGMENTS = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lifetime, largest, target, is_last = take(), tonumber(take()) or -1, take(), take()
local segments = take_list(12)
if redis.call('HGET', DEVICE, 'indexed_at') then return { 'known' } end
local newest = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or -1
local total = newest and tonumber(fields(newest[2]).total) or 0
for _, s in ipairs(segments) do
  if tonumber(s[1]) > last then
    total = total + tonumber(s[10])
    redis.call('XADD', LOG, s[1] .. '-1', 'session', s[2], 'epoch', '0', 'msn', s[3], 'dsn', s[4], 'pts', s[5], 'dur', s[6],
      'cap', s[7], 'cap_end', s[8], 'wall', s[9], 'bytes', s[10], 'frames', s[11], 'size', s[12],
      'total', text(total))
    redis.call('ZADD', SEGMENTS, string.format('%.3f', tonumber(s[7]) / 1000), s[1])
    last = tonumber(s[1])
  end
end
redis.call('EXPIRE', LOG, lifetime)
redis.call('EXPIRE', SEGMENTS, lifetime)
if is_last ~= '1' then return { 'seeded' } end

local listed = redis.call('ZRANGE', SEGMENTS, 0, -1)
local unknown = {}
for _, number in ipairs(listed) do
  largest = math.max(largest, tonumber(number) or -1)
  -- What is in the log leaves both together; what is not would stay for ever. No number at all is an error, and no entry.
  local id = number .. '-1'
  if not redis.pcall('XRANGE', LOG, id, id)[1] then unknown[#unknown + 1] = number end
end
each_part(unknown, 1000, function(...) redis.call('ZREM', SEGMENTS, ...) end)
largest = math.max(largest, last, tonumber(redis.call('GET', SEQUENCE)) or -1)
if largest >= 0 then redis.call('SET', SEQUENCE, text(largest), 'EX', lifetime) end
newest = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
if newest then
  local known = fields(newest[2])
  redis.call('HSET', DEVICE, 'msn', known.msn, 'dsn', known.dsn, 'last_capture', known.cap_end)
end
if target ~= '' then redis.call('HSET', DEVICE, 'target', target) end
redis.call('HSETNX', DEVICE, 'generation', '0')
redis.call('HSET', DEVICE, 'indexed_at', text(NOW))
redis.call('EXPIRE', DEVICE, lifetime)
return { 'seeded' }
