-- KEYS: 1 the partition, 2 its devices, 3… a device's record each. ARGV 4: lifetime of a record in s, then for each device:
-- its name, raw client id, raw device id ('': not known), newest entry, mean interval in ms, backlog. Replies: fenced | touched. Entries
-- older than the newest change nothing but the backlog.
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
  -- A commit may have told of this entry first, but never of the interval.
  if not is_after(redis.call('HGET', device, 'received_id'), entry) then
    redis.call('HSET', device, 'interval_ms', interval)
  end
  receive(device, KEYS[2], name, entry)
  redis.call('EXPIRE', device, lifetime)
end
return { 'touched' }
