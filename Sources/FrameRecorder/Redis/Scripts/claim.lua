-- KEYS: 1 the partition. ARGV: 2 worker, 3 the highest epoch that it has seen, 4 and 5 worker and epoch that were judged dead
-- or found absent (''). Replies: owned, worker, epoch | claimed, epoch. An epoch grows even over a store that has lost all.
local v = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
local owner, epoch = v[1] or '', v[2] or '0'
if owner ~= ARGV[4] or (owner ~= '' and epoch ~= ARGV[5]) then return { 'owned', owner, epoch } end
local microseconds = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local next_epoch = text(math.max(tonumber(epoch) + 1, tonumber(ARGV[3]) + 1, microseconds))
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'epoch', next_epoch, 'claimed_at', text(NOW))
redis.call('EXPIRE', KEYS[1], DAY)
return { 'claimed', next_epoch }
