-- ARGV: 6 epoch, 7 'idle' or 'failed', 8 reason of the stop.
local fenced = fence(ARGV[6])
if fenced and fenced[2] ~= 'stopping' then return reply(unpack(fenced)) end
if s.status == 'deleted' then
  end_deletion()
  remove_stream()
  return reply('accepted')
end
local status, reason = ARGV[7], ARGV[8]
if s.status == 'stopping' then status, reason = 'idle', get('stop_reason') or 'shutdown' end
become_idle(status)
clear('started_at', 'ffmpeg_pid')
deactivate(reason)
return reply('accepted')
