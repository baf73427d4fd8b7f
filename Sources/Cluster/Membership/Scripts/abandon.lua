-- ARGV: 6 and 7 worker and epoch of an ownership whose worker is dead. It ends, unless workers that live have clients: they
-- take the stream over.
if not load() or s.owner ~= ARGV[6] or s.owner_epoch ~= ARGV[7] then
  prolongs = false
  return reply('not_owned')
end
if s.status == 'deleted' then
  end_deletion()
  remove_stream()
  return reply('closed')
end
local reason = get('stop_reason') or 'last_client_disconnected'
if runs() then
  local watching, known = {}, { [ARGV[6]] = true }
  for _, client in ipairs(redis.call('ZREVRANGE', CLIENTS, 0, 999)) do
    local worker = is_here(client) and redis.call('HGET', client_key(client), 'worker')
    if worker and not known[worker] then
      known[worker] = true
      watching[#watching + 1] = worker
    end
  end
  if #watching > 0 then
    prolongs = false
    return reply('watched', watching)
  end
  grow_epoch(s.epoch + 1)
end
become_idle()
clear('started_at', 'ffmpeg_pid')
-- Clients that asked the dead worker may ask another: the stream stays active until they are gone.
if count() == 0 then deactivate(reason) end
return reply('closed')
