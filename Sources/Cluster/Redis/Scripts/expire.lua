-- ARGV: 6 timeout in µs of those without a connection; those with one go when nobody has confirmed them in their lifetime.
prolongs = false
if not visible() then return reply('unknown') end
local timeout, gone, latest = math.max(argument(6), 3 * s.target_duration), {}, nil
local dead = math.floor((NOW - CLIENT_TTL * 1000) / 1000)
local shortest = math.min(timeout, CLIENT_TTL * 1000)
local candidates = redis.call('ZRANGEBYSCORE', CLIENTS, '-inf', milliseconds(NOW - shortest), 'LIMIT', 0, 1000)
for _, client in ipairs(candidates) do
  local v = redis.call('HMGET', client_key(client), 'connections', 'last_seen', 'worker')
  local silent = NOW - number(v[2], 'last_seen')
  local lapsed = number(v[1], 'connections') == 0 and silent >= timeout
  if not v[3] then
    redis.call('ZREM', CLIENTS, client)
  elseif lapsed or score(client) <= dead then
    local fields = drop(client)
    gone[#gone + 1] = { client, fields }
    tell_disconnected(client, fields, 'timeout')
    local over = math.max(lapsed and silent - timeout or 0, 0)
    latest = math.min(latest or over, over)
  end
end
-- The clock was set back: what lies ahead of it counts from now on.
for _, client in ipairs(redis.call('ZRANGEBYSCORE', CLIENTS, milliseconds(NOW + 1000), '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', CLIENTS, milliseconds(NOW), client)
  if redis.call('EXISTS', client_key(client)) == 1 then
    redis.call('HSET', client_key(client), 'last_seen', text(NOW))
  end
end
if latest then
  note_count()
  touch(NOW - latest)
end
return reply('expired', gone)
