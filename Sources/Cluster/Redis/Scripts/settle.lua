-- ARGV: 6 grace in µs.
prolongs = false
if not load() or (s.status ~= 'idle' and s.status ~= 'failed') then return reply('nothing') end
if not s.active or s.had_client ~= '1' or count() > 0 or NOW - s.last_access < argument(6) then return reply('nothing') end
local record = redis.call('HGETALL', STREAM)
deactivate('last_client_disconnected')
return reply('settled', record)
