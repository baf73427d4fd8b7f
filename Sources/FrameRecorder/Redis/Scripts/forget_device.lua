-- KEYS: 1 the partition's devices, 2 a device's record. ARGV: 2 the device, 3 the ms up to which its last frame was received.
-- A device whose record has expired is none any more. Replies: forgotten | known.
local received = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]))
if not received or received > tonumber(ARGV[3]) or redis.call('EXISTS', KEYS[2]) == 1 then return { 'known' } end
redis.call('ZREM', KEYS[1], ARGV[2])
return { 'forgotten' }
