-- KEYS: 1 the partition, 2 its stream, 3 its tries, 4 the dead letters, 5… a device's record each. ARGV 4: the partition's
-- number, then lists: entries to acknowledge, dead letters, first entries of batches that are over, and for each device of
-- KEYS up to which entry all is done ('': as before). Replies: fenced | finished.
local fenced = fence()
if fenced then return fenced end
local partition = take()
local entries, letters, batches, done = take_list(1), take_list(6), take_list(1), take_list(1)
bury(KEYS[2], KEYS[4], partition, letters)
acknowledge(KEYS[2], entries)
each_part(batches, 1000, function(...) redis.call('HDEL', KEYS[3], ...) end)
for i, entry in ipairs(done) do
  local device = KEYS[4 + i]
  if entry ~= '' and redis.call('EXISTS', device) == 1 then raise(device, 'done_id', entry) end
end
return { 'finished' }
