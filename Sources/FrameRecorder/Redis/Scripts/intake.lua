#!lua
-- KEYS: 1 the partition's stream, 2 the source's key or, without a source, the stream again, 3 the device's record or the
-- stream again. ARGV: 1 lifetime of the source in s, 2 and 3 entries that partition and device may have waiting (0: any
-- number), 4 event id that the source's key remembers behind the entry, or nothing, then fields and values of the entry.
-- Replies: known, entry, event id | backlog, entries | device-backlog, entries | added, entry. Without allow-oom: what is
-- refused here has not been accepted.
local STREAM, SOURCE, DEVICE = KEYS[1], KEYS[2], KEYS[3]
if SOURCE ~= STREAM then
  local entry = redis.call('GET', SOURCE)
  if entry then return { 'known', string.match(entry, '^(%S+) ?(.*)$') } end
end
local most = tonumber(ARGV[2])
local waiting = most > 0 and redis.call('XLEN', STREAM) or 0
if most > 0 and waiting >= most then return { 'backlog', tostring(waiting) } end
local most_of_device = tonumber(ARGV[3])
if most_of_device > 0 and DEVICE ~= STREAM then
  local backlog = tonumber(redis.call('HGET', DEVICE, 'backlog')) or 0
  if backlog >= most_of_device then return { 'device-backlog', tostring(backlog) } end
end
local entry = redis.call('XADD', STREAM, '*', unpack(ARGV, 5))
if SOURCE ~= STREAM and tonumber(ARGV[1]) > 0 then
  redis.call('SET', SOURCE, ARGV[4] == '' and entry or entry .. ' ' .. ARGV[4], 'EX', ARGV[1])
end
return { 'added', entry }
