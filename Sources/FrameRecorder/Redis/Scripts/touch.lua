-- KEYS: 1 the partition, 2 its devices, 3… a device's record each. ARGV 4: lifetime of a record in s, then for each device:
-- its name, raw client id, raw device id ('': not known), newest entry, mean interval in ms, backlog. Replies: fenced | touched. Entries
-- that are read again change nothing but the backlog.
local fenced = fence()
if fenced then return fenced end
local lifetime = take()
for i = 3, #KEYS do
  local device = KEYS[i]
  local name, client, raw, entry, interval, backlog = take(), take(), take(), take(), take(), take()
  if client ~= '' then redis.call('HSETNX', device, 'client', client) end
  if raw ~= '' then redis.call('HSETNX', device, 'device', raw) end
  redis.call('HSETNX', device, 'generation', '0')
  redis.call('HSET', device, 'backlog', backlog)
  if is_after(entry, redis.call('HGET', device, 'received_id')) then
    local received = string.match(entry, '^%d+')
    redis.call('HSET', device, 'received_id', entry, 'received_ms', received, 'interval_ms', interval)
    redis.call('ZADD', KEYS[2], received, name)
  end
  redis.call('EXPIRE', device, lifetime)
end
return { 'touched' }
