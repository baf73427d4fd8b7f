-- ARGV: 6 worker, 7 highest epoch seen, 8 and 9 worker and epoch that were judged dead (or ''), 10 whether the worker is
-- draining, 11 for how many ms more nobody is to claim a stream without owner (or '').
if not visible() then return unknown() end
local taken = runs()
local old_owner, old_epoch = s.owner, s.owner_epoch
if taken and not (old_owner == ARGV[8] and old_epoch == ARGV[9]) then return reply('owned', old_owner, old_epoch) end
if ARGV[10] == '1' then return reply('draining') end
local remaining = settling() or (not taken and ARGV[11] ~= '' and ARGV[11])
if remaining then return reply('settling', remaining) end

grow_epoch(math.max(s.epoch + 1, argument(7) + 1, NOW))
s.status = 'starting'
set('status', 'starting', 'owner', ARGV[6], 'owner_epoch', text(s.epoch), 'started_at', text(NOW))
clear('stop_reason', 'ffmpeg_pid')
if not taken then
  set('current_index', '-1', 'failover_attempts', '0', 'restarts', '0')
  clear('current_url')
end
touch(NOW)
activate()
if taken then tell('takeover', metadata(), old_owner, old_epoch, ARGV[6], text(s.epoch)) end
return reply('claimed', text(s.epoch), taken and old_owner or '', taken and old_epoch or '', redis.call('HGETALL', STREAM))
