-- ARGV: 6 client, 7 worker, 8 connection (or ''), 9 address, 10 user agent, 11 user name, 12 format, 13 limit (0: none),
-- 14 most clients, 15 most connections of one, 16 whether it is only put back after a loss: nothing is told.
if not visible() then return unknown() end
local client, connection = ARGV[6], ARGV[8]
local key, field = client_key(client), 'connection:' .. ARGV[7] .. ':' .. connection
local known = is_here(client)
if known then
  if connection ~= '' and redis.call('HEXISTS', key, field) == 0
    and number(redis.call('HGET', key, 'connections'), 'connections') >= argument(15) then
    return reply('full', ARGV[15])
  end
else
  local bound = argument(14)
  if argument(13) > 0 then bound = math.min(bound, argument(13)) end
  if count() >= bound then return reply('full', text(bound)) end
  redis.call('DEL', key)
  redis.call('HSET', key, 'ip', ARGV[9], 'user_agent', ARGV[10], 'username', ARGV[11], 'connected_at', text(NOW),
    'bytes_served', '0', 'segments_served', '0', 'connections', '0')
end
if connection == '' then
  redis.call('HSET', key, 'polls', '1')
elseif redis.call('HSETNX', key, field, '1') == 1 then
  redis.call('HINCRBY', key, 'connections', 1)
end
redis.call('HSET', key, 'worker', ARGV[7], 'format', ARGV[12])
confirm(client, NOW)
keep_clients()
if not known then note_count() end
if not known and ARGV[16] ~= '1' then
  activate()
  tell('connected', metadata(), client, redis.call('HGETALL', key), tostring(count()))
end
if s.had_client ~= '1' then
  s.had_client = '1'
  if s.active then set('had_client', '1') end
end
if s.status == 'stopping' then become_idle() end
touch(NOW)
return reply('joined', runs() and s.owner or '', runs() and s.owner_epoch or '')
