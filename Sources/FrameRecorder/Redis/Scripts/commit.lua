-- KEYS: 1 the partition, 2 its stream, 3 its tries, 4 the dead letters, 5 the device's record, 6 its log, 7 its segments,
-- 8 the events it has seen, 9 the archives, 10 the segment's session, 11 the session that ends or the same again,
-- 12 devices by their last commit, 13 by their last frame.
-- Replies: fenced | reset, generation | taken, last number | session, the present one | seen, event ids | recorded or
-- already, msn, dsn, wall clock in ms, state of the session that ended.
local fenced = fence()
if fenced then return fenced end
local STREAM, TRIES, DEAD, DEVICE, LOG, SEGMENTS, SEEN = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local partition, member = take(), take()
local generation, number, first = take(), take(), take()
local expected, session, reason, shortest = take(), take(), take(), take()
local pts, duration, next_pts, continuity = take(), take(), take(), take()
local captured_first, captured_last, received_first, received_last = take(), take(), take(), take()
local bytes, frames, size, target, done, backlog = take(), take(), take(), take(), take(), take()
local lifetime, window, most_seen = take(), tonumber(take()), tonumber(take())
local entries, events, letters, names = take_list(1), take_list(1), take_list(6), take_list(1)
local ID = number .. '-1'

local d = redis.call('HMGET', DEVICE, 'generation', 'session', 'msn', 'dsn', 'target', 'indexed_at')
if (d[1] or '0') ~= generation then return { 'reset', d[1] or '0' } end
local newest = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
local last = newest and string.match(newest[1], '^%d+')
local known
if last and tonumber(last) >= tonumber(number) then
  local entry = redis.call('XRANGE', LOG, ID, ID)[1]
  known = entry and fields(entry[2])
  if not known or known.epoch ~= ARGV[3] then return { 'taken', last } end
  if d[3] and tonumber(d[3]) >= tonumber(known.msn) then
    bury(STREAM, DEAD, partition, letters)
    acknowledge(STREAM, entries)
    return { 'already', known.msn, known.dsn, known.wall, '' }
  end
  -- An error behind the XADD stopped the script when it ran first: a key was another program's. The rest is done now.
end
local present = d[2] or ''
-- Without its index the device has to be imported first: Redis has lost it since the beginning.
if present ~= expected or not d[6] then return { 'session', present } end
if window > 0 and not known then
  local seen = {}
  for _, event in ipairs(events) do
    local score = tonumber(redis.call('ZSCORE', SEEN, event))
    if score and score > NOW - window * 1000 then seen[#seen + 1] = event end
  end
  if #seen > 0 then return { 'seen', seen } end
end

local msn = d[3] and text(tonumber(d[3]) + 1) or '0'
local dsn = d[4] or '0'
if d[4] and session ~= expected then dsn = text(tonumber(d[4]) + 1) end
local wall = text(NOW)
-- Of all bytes so far: two entries tell how much lies between them.
local total = text((newest and tonumber(fields(newest[2]).total) or 0) + tonumber(bytes))
local added = not known and redis.pcall('XADD', LOG, ID, 'session', session, 'epoch', ARGV[3], 'msn', msn, 'dsn', dsn, 'pts', pts, 'dur',
  duration, 'cap', captured_first, 'cap_end', captured_last, 'wall', wall, 'bytes', bytes, 'frames', frames, 'size', size,
  'total', total)
if known then msn, dsn, wall = known.msn, known.dsn, known.wall end
if type(added) == 'table' and added.err then
  -- The stream remembers greater numbers than it holds.
  if string.find(added.err, 'equal or smaller', 1, true) then return { 'taken', number } end
  return added
end
redis.call('EXPIRE', LOG, lifetime)
redis.call('ZADD', SEGMENTS, string.format('%.3f', tonumber(captured_first) / 1000), number)
redis.call('EXPIRE', SEGMENTS, lifetime)

local ended = ''
if expected ~= '' and session ~= expected then
  ended = end_session(KEYS[11], KEYS[9], member .. ':' .. expected, reason, shortest) or ''
end
local SESSION = KEYS[10]
local names_then = redis.call('HGET', SESSION, 'secondary_keys') or ''
if names_then == '' and redis.call('EXISTS', SESSION) == 0 then
  local raw = redis.call('HMGET', DEVICE, 'client', 'device')
  redis.call('HSET', SESSION, 'client', raw[1] or '', 'device', raw[2] or '', 'pair', member, 'state', 'active',
    'started_ms', received_first, 'captured_first', captured_first, 'first', number, 'tries', '0')
end
-- One a line; strings of events have no line ends.
local count = select(2, string.gsub(names_then, '\n', '\n'))
for _, name in ipairs(names) do
  if count < 100 and not string.find('\n' .. names_then, '\n' .. name .. '\n', 1, true) then
    names_then, count = names_then .. name .. '\n', count + 1
  end
end
local function later(field, value)
  local known = tonumber(redis.call('HGET', SESSION, field))
  return known and known > tonumber(value) and text(known) or value
end
redis.call('HSET', SESSION, 'last_ms', later('last_ms', received_last), 'captured_last',
  later('captured_last', captured_last), 'last', number, 'secondary_keys', names_then, 'size', size)
redis.call('HINCRBY', SESSION, 'segments', 1)
redis.call('HINCRBY', SESSION, 'frames', frames)
redis.call('HINCRBY', SESSION, 'bytes', bytes)
redis.call('HINCRBY', SESSION, 'media', duration)
redis.call('EXPIRE', SESSION, lifetime)

redis.call('HSET', DEVICE, 'session', session, 'msn', msn, 'dsn', dsn, 'next_pts', next_pts, 'cc', continuity,
  'last_capture', captured_last, 'target', text(math.max(tonumber(d[5]) or 0, tonumber(target))), 'backlog', backlog)
redis.call('HDEL', DEVICE, 'reserved', 'reserved_epoch')
raise(DEVICE, 'done_id', done)
-- Who was to tell of the receipt may have died before it did: the device would never be silent.
receive(DEVICE, KEYS[13], member, done)
redis.call('EXPIRE', DEVICE, lifetime)
if window > 0 and #events > 0 then
  local scored = {}
  for _, event in ipairs(events) do
    scored[#scored + 1] = wall
    scored[#scored + 1] = event
  end
  each_part(scored, 1000, function(...) redis.call('ZADD', SEEN, ...) end)
  redis.call('ZREMRANGEBYSCORE', SEEN, '-inf', text(NOW - window * 1000))
  redis.call('ZREMRANGEBYRANK', SEEN, 0, -most_seen - 1)
  redis.call('EXPIRE', SEEN, window)
end
redis.call('ZADD', KEYS[12], wall, member)
redis.call('ZREMRANGEBYSCORE', KEYS[12], '-inf', text(NOW - 600000))
redis.call('EXPIRE', KEYS[12], lifetime)
redis.call('HDEL', TRIES, first)
bury(STREAM, DEAD, partition, letters)
acknowledge(STREAM, entries)
return { 'recorded', msn, dsn, wall, ended }
