-- KEYS: 1 the device's log, 2 its segments, 3 the partition's trash. ARGV: 2 retention, 3 how much longer a session's
-- segments wait for its archive, 4 grace, all in ms, 5 how many at most, 6 the device, 7 what the keys of sessions begin with.
-- Replies: trimmed, how many left the index, whether more may. Anybody may call it, and twice: the file goes after the index.
local LOG, SEGMENTS, TRASH = KEYS[1], KEYS[2], KEYS[3]
local retention, hold, grace, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local device, sessions = ARGV[6], ARGV[7]
local states = {}
local function is_held(session)
  if session == '' then return false end
  if states[session] == nil then states[session] = redis.call('HGET', sessions .. session, 'state') or '' end
  return states[session] == 'ended' or states[session] == 'archiving'
end

local old, kept = {}, nil
for _, entry in ipairs(redis.call('XRANGE', LOG, '-', '+', 'COUNT', most + 1)) do
  local known = fields(entry[2])
  local age = NOW - (tonumber(known.wall) or 0)
  if #old == most or age <= retention + (is_held(known.session or '') and hold or 0) then
    kept = entry[1]
    break
  end
  old[#old + 1] = string.match(entry[1], '^%d+')
end
for _, number in ipairs(old) do redis.call('ZADD', TRASH, text(NOW + grace), device .. ':' .. number) end
each_part(old, 1000, function(...) redis.call('ZREM', SEGMENTS, ...) end)
if #old > 0 then
  if kept then redis.call('XTRIM', LOG, 'MINID', kept) else redis.call('DEL', LOG, SEGMENTS) end
end
return { 'trimmed', tostring(#old), #old == most and kept and '1' or '0' }
