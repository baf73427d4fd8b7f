-- ARGV: 6 whether only without clients, 7 kind of the deletion, 8 field, 9 value.
if not visible() then return reply('unknown') end
local clients = count()
if ARGV[6] == '1' and clients > 0 then return reply('used') end
local record, gone = redis.call('HGETALL', STREAM), {}
for _, client in ipairs(redis.call('ZRANGE', CLIENTS, 0, -1)) do
  local here = is_here(client)
  local fields = drop(client)
  if here then
    gone[#gone + 1] = { client, fields }
    tell_disconnected(client, fields, 'deleted')
  end
end
redis.call('DEL', CLIENTS)
set('deletion_kind', ARGV[7], 'deletion_field', ARGV[8], 'deletion_value', ARGV[9], 'client_count', '0')
touch(NOW)
if runs() then grow_epoch(s.epoch + 1) end
if runs() or s.status == 'stopping' then
  s.status = 'deleted'
  set('status', 'deleted')
else
  end_deletion()
  remove_stream()
end
return reply('deleted', record, tostring(clients), gone)
