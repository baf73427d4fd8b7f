-- KEYS: 1 the partition. Replies: fenced | released. The epoch stays, so that the next one is greater.
local fenced = fence()
if fenced then return fenced end
redis.call('HDEL', KEYS[1], 'owner', 'claimed_at')
return { 'released' }
