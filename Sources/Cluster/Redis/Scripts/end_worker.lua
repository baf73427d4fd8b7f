-- ARGV: 6 a worker that is dead: its connections are closed.
prolongs = false
if not visible() then return reply('unknown') end
local gone, prefix = {}, 'connection:' .. ARGV[6] .. ':'
for _, client in ipairs(redis.call('ZRANGE', CLIENTS, 0, -1)) do
  local key, closed = client_key(client), 0
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, #prefix) == prefix then closed = closed + redis.call('HDEL', key, field) end
  end
  if closed > 0 then
    local connections = redis.call('HINCRBY', key, 'connections', -closed)
    if connections <= 0 and redis.call('HEXISTS', key, 'polls') == 0 then
      local fields = drop(client)
      gone[#gone + 1] = { client, fields }
      tell_disconnected(client, fields, 'client_disconnected')
    end
  end
end
if #gone > 0 then
  note_count()
  touch(NOW)
end
return reply('expired', gone)
