-- KEYS: 1 the partition, 2 its devices. ARGV: 2 offline threshold in ms, 3 up to which ms it was looked before ('': never),
-- 4 how many devices to look at, 5 what the keys of devices' records begin with. Replies: unread | silent, up to which ms it
-- was looked, whether there are more, devices that have a session or frames that may begin one, each with its last frame's
-- ms. What the owner has not told of yet was received after the last time that nothing waited: no later look misses it.
local drained = tonumber(redis.call('HGET', KEYS[1], 'drained_ms'))
if not drained then return { 'unread' } end
local bound = math.min(NOW, drained) - tonumber(ARGV[2])
local from, most = '-inf', tonumber(ARGV[4])
-- A bound that went back is another store's: all is looked at again.
if ARGV[3] ~= '' and tonumber(ARGV[3]) <= bound then from = '(' .. ARGV[3] end
local found = redis.call('ZRANGEBYSCORE', KEYS[2], from, text(bound), 'WITHSCORES', 'LIMIT', 0, most)
local has_more = #found == 2 * most
if has_more then
  -- All of the last one's time.
  bound = tonumber(found[#found])
  found = redis.call('ZRANGEBYSCORE', KEYS[2], from, text(bound), 'WITHSCORES')
end
local devices = {}
for i = 1, #found, 2 do
  local d = redis.call('HMGET', ARGV[5] .. found[i], 'session', 'received_id', 'done_id')
  if (d[1] and d[1] ~= '') or is_after(d[2], d[3]) then devices[#devices + 1] = { found[i], found[i + 1] } end
end
return { 'silent', text(bound), has_more and '1' or '0', devices }
