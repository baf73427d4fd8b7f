-- ARGV: 6 epoch, 7 grace in µs.
local fenced = fence(ARGV[6])
if fenced and fenced[2] == 'stopping' then return reply('stop') end
if fenced then return reply(unpack(fenced)) end
local clients = count()
if clients > 0 then return reply('keep', ARGV[7]) end
local remaining = argument(7) - (NOW - s.last_access)
if remaining > 0 then return reply('keep', text(remaining)) end
s.status = 'stopping'
set('status', 'stopping', 'stop_reason', s.had_client == '1' and 'last_client_disconnected' or 'inactive_timeout')
grow_epoch(s.epoch + 1)
return reply('stop')
