-- KEYS: 1 the partition, 2 its stream. ARGV 4: after which entry to read what was read before, or > for what is new;
-- 5 how many at most. Replies: fenced | read, now in ms, entries, those that were read before and are gone since, the oldest entry
-- of the stream (''). A reading of new ones that finds none proves that no frame waits unread.
local fenced = fence()
if fenced then return fenced end
local PARTITION, STREAM = KEYS[1], KEYS[2]
local from, count = take(), take()

local function read()
  return redis.pcall('XREADGROUP', 'GROUP', GROUP, READER, 'COUNT', count, 'STREAMS', STREAM, from)
end
local reply = read()
if type(reply) == 'table' and reply.err then
  if not string.find(reply.err, 'NOGROUP', 1, true) then return reply end
  redis.call('XGROUP', 'CREATE', STREAM, GROUP, '0', 'MKSTREAM')
  reply = read()
  if type(reply) == 'table' and reply.err then return reply end
end

local found = reply and reply[1] and reply[1][2] or {}
local entries, gone = {}, {}
for _, entry in ipairs(found) do
  if entry[2] then entries[#entries + 1] = entry else gone[#gone + 1] = entry[1] end
end
each_part(gone, 1000, function(...) redis.call('XACK', STREAM, GROUP, ...) end)
if from == '>' and #found == 0 then redis.call('HSET', PARTITION, 'drained_ms', text(NOW)) end
local oldest = redis.call('XRANGE', STREAM, '-', '+', 'COUNT', 1)[1]
if oldest then
  redis.call('HSET', PARTITION, 'oldest_ms', string.match(oldest[1], '^%d+'))
else
  redis.call('HDEL', PARTITION, 'oldest_ms')
end
redis.call('EXPIRE', PARTITION, DAY)
return { 'read', text(NOW), entries, gone, oldest and oldest[1] or '' }
