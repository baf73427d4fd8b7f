-- KEYS: 1 the partition. Puts back an ownership that Redis has lost. Replies: fenced | asserted. Whoever names a greater
-- epoch than is stored got it from a store that knew more.
local fenced = fence()
if not fenced then return { 'asserted' } end
local stored = tonumber(redis.call('HGET', KEYS[1], 'epoch')) or 0
if tonumber(ARGV[3]) <= stored then return fenced end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'epoch', ARGV[3], 'claimed_at', text(NOW))
redis.call('EXPIRE', KEYS[1], DAY)
return { 'asserted' }
