-- KEYS: 1 the partition, 2 its tries, 3 the device's record, 4 its last number. ARGV 4: generation, 5 the batch's first entry,
-- 6 the number of this try by the caller's account, 7 what the number must be above ('': nothing), 8 what the keys of sessions
-- begin with, 9 lifetime of a record in s. Replies: fenced | reset, generation | unseeded | begun, number, tries, now in ms,
-- the record, its session's record.
local fenced = fence()
if fenced then return fenced end
local TRIES, DEVICE, SEQUENCE = KEYS[2], KEYS[3], KEYS[4]
local generation, entry, try, above, sessions, lifetime = take(), take(), take(), take(), take(), take()
local d = redis.call('HMGET', DEVICE, 'generation', 'indexed_at', 'reserved', 'reserved_epoch', 'session')
if (d[1] or '0') ~= generation then return { 'reset', d[1] or '0' } end
if not d[2] then return { 'unseeded' } end

local tries = math.max(tonumber(redis.call('HGET', TRIES, entry)) or 0, tonumber(try))
redis.call('HSET', TRIES, entry, text(tries))
redis.call('EXPIRE', TRIES, DAY)

local number = d[4] == ARGV[3] and d[3]
if not number or (above ~= '' and tonumber(number) <= tonumber(above)) then
  local last = tonumber(redis.call('GET', SEQUENCE)) or -1
  if above ~= '' then last = math.max(last, tonumber(above)) end
  number = text(last + 1)
  redis.call('SET', SEQUENCE, number, 'EX', lifetime)
  redis.call('HSET', DEVICE, 'reserved', number, 'reserved_epoch', ARGV[3])
end
local session = d[5] and d[5] ~= '' and redis.call('HGETALL', sessions .. d[5]) or {}
return { 'begun', number, text(tries), text(NOW), redis.call('HGETALL', DEVICE), session }
