-- ARGV: 6 worker, 7 epoch, 8 phase, 9 revision, 10 number of arguments of the registration, then these and those of the
-- report: field, value; the last one is whether whoever else has the stream keeps it (`ReassertionRule`).
local last = 10 + argument(10)
local report = #ARGV - 1

local function own(first, revision)
  store(first, report)
  set('status', ARGV[8], 'owner', ARGV[6], 'owner_epoch', ARGV[7], 'epoch', ARGV[7], 'revision', text(revision),
    'started_at', text(NOW))
  s.status, s.epoch, s.owner, s.owner_epoch = ARGV[8], argument(7), ARGV[6], ARGV[7]
  activate()
  return reply('accepted', '1')
end

if not load() then
  set('status', 'idle', 'created_at', text(NOW), 'last_access', text(NOW), 'client_count', '0')
  load()
  store(11, last)
  -- It was active before Redis lost it.
  s.active, s.had_client = metadata(), '1'
  set('active', s.active, 'had_client', '1')
  return own(last + 1, argument(9))
end
local fenced = fence(ARGV[7])
if not fenced and s.owner == ARGV[6] then return reply('accepted', '0') end
local yields = ARGV[#ARGV] == '1' and runs() and s.owner ~= ARGV[6]
-- An epoch is given once: whoever names a greater one got it from a store that knew more.
if s.status ~= 'deleted' and not yields and argument(7) > s.epoch then
  touch(NOW)
  return own(last + 1, argument(9) + (differs(11, last) and 1 or 0))
end
return reply(unpack(fenced or { 'fenced', 'superseded', s.owner, s.owner_epoch }))
