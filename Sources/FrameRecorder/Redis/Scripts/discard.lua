-- KEYS: 1 a partition's stream, 2 a device's record. ARGV 4: a list of entries of that device, which are acknowledged and not
-- recorded. Replies: discarded.
local entries = take_list(1)
acknowledge(KEYS[1], entries)
if #entries > 0 and redis.call('EXISTS', KEYS[2]) == 1 then raise(KEYS[2], 'done_id', entries[#entries]) end
return { 'discarded' }
