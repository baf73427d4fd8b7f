-- ARGV: 6 worker, 7 epoch, 8 phase, 9 revision, 10 number of arguments of the registration, then these and those of the
-- report: field, value.
local last = 10 + argument(10)

local function own(first, revision)
  store(first, #ARGV)
  set('status', ARGV[8], 'owner', ARGV[6], 'owner_epoch', ARGV[7], 'epoch', ARGV[7], 'revision', text(revision),
    'started_at', text(NOW))
  s.status, s.epoch = ARGV[8], argument(7)
  return reply('accepted', '1')
end

if not load() then
  set('status', 'idle', 'created_at', text(NOW), 'last_access', text(NOW), 'client_count', '0')
  load()
  store(11, last)
  -- It was active before Redis lost it.
  set('active', metadata(), 'had_client', '1')
  return own(last + 1, argument(9))
end
-- Registered anew since Redis lost it, and nobody has run it since.
if s.epoch == 0 and s.status == 'idle' then
  return own(last + 1, argument(9) + (differs(11, last) and 1 or 0))
end
local fenced = fence(ARGV[7])
if fenced then return reply(unpack(fenced)) end
if s.owner ~= ARGV[6] then return reply('fenced', 'superseded', s.owner, s.owner_epoch) end
return reply('accepted', '0')
