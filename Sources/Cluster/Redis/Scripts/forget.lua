-- ARGV: 6 timeout in µs.
prolongs = false
if not load() then return reply('absent') end
if runs() or count() > 0 or NOW - s.last_access < argument(6) then return reply('nothing') end
local record, status = redis.call('HGETALL', STREAM), s.status
if status == 'deleted' then
  end_deletion()
elseif status == 'stopping' then
  deactivate(get('stop_reason') or 'shutdown')
else
  deactivate('inactive_timeout', ARGV[6])
end
remove_stream()
if status == 'deleted' then return reply('absent') end
return reply('forgotten', record)
