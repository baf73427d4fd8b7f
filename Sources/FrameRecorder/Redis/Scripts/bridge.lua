#!lua
-- Frames of one partition, in their order. KEYS: 1 the partition's stream, 2… the key of each frame's source. ARGV:
-- 1 lifetime of a source in s, 2 entries that the partition may have waiting (0: any number), then of each frame its event,
-- source and time of receipt. What stands behind a refused frame is refused too, or a device's order would be lost.
-- Replies: taken, 'added' or 'known' of each that was taken. Without allow-oom: what is refused here has not been accepted.
local STREAM, LIFETIME, MOST = KEYS[1], ARGV[1], tonumber(ARGV[2])
local waiting = MOST > 0 and redis.call('XLEN', STREAM) or 0
local taken = {}
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    taken[i - 1] = 'known'
  else
    if MOST > 0 and waiting >= MOST then break end
    local at = 3 * (i - 1)
    local entry = redis.call('XADD', STREAM, '*', 'event', ARGV[at], 'source', ARGV[at + 1], 'received', ARGV[at + 2])
    if tonumber(LIFETIME) > 0 then redis.call('SET', KEYS[i], entry, 'EX', LIFETIME) end
    waiting = waiting + 1
    taken[i - 1] = 'added'
  end
end
return { 'taken', taken }
