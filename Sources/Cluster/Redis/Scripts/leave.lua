-- ARGV: 6 client, 7 worker, 8 connection (or ''), 9 reason, 10 bytes, 11 segments, 12 position, 13 lag in ms.
local client, key = ARGV[6], client_key(ARGV[6])
if not visible() or not is_here(client) then return reply('unknown') end
add_traffic(client, 10)
add_totals(ARGV[10], ARGV[11])
if ARGV[8] == '' then
  redis.call('HDEL', key, 'polls')
elseif redis.call('HDEL', key, 'connection:' .. ARGV[7] .. ':' .. ARGV[8]) == 1 then
  redis.call('HINCRBY', key, 'connections', -1)
end
local v = redis.call('HMGET', key, 'connections', 'polls', 'last_seen')
local connections = number(v[1], 'connections')
if connections > 0 then return reply('stays') end
if v[2] then
  -- From now on it counts by when it last asked.
  redis.call('ZADD', CLIENTS, milliseconds(number(v[3], 'last_seen')), client)
  return reply('stays')
end
local fields = drop(client)
note_count()
touch(NOW)
tell_disconnected(client, fields, ARGV[9])
return reply('left')
