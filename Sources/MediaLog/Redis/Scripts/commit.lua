#!lua flags=allow-oom
-- KEYS: 1 the log's state, 2 the log, 3 its index, 4 the chunk. ARGV: 1 epoch, 2 number, 3 bytes, 4 start, 5 duration,
-- 6 random access, 7 segment start, 8 discontinuity, 9 wall clock, 10 listed segments, 11 continuity, 12 target duration
-- or '', 13 end time, 14 segments and 15 discontinuities that began in chunks that were left out; 16 lifetime of log and
-- index in s, 17 of the state, 18 the window's bytes, 19 its span.
-- Replies: lost | fenced, epoch | taken, segment, discontinuities, target, dropped, floor or '' | payload, dropped. Dropped
-- are chunks that have left the window: epoch, number, …
local STATE, LOG, INDEX, CHUNK = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local NUMBER, BYTES, SPAN = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local MOST_BYTES, MOST_SPAN = tonumber(ARGV[18]), tonumber(ARGV[19])
local ID = NUMBER .. '-0'

local s = redis.call('HMGET', STATE, 'epoch', 'open', 'head', 'segment', 'discontinuities', 'target', 'bytes', 'span', 'floor')
local owner, mine = tonumber(s[1]), tonumber(ARGV[1])
if not owner or owner < mine then return { 'lost' } end
if owner > mine or s[2] ~= '1' then return { 'fenced', s[1] } end

local function fields(entry)
  local found = {}
  for i = 1, #entry[2], 2 do found[entry[2][i]] = entry[2][i + 1] end
  return found
end

local function footprint(bytes) return math.max(1, math.ceil(bytes / 4096)) * 4096 end
local function text(number) return string.format('%.0f', number) end

if redis.call('TYPE', LOG).ok ~= 'stream' then
  redis.call('DEL', LOG)
  s[7], s[8] = '0', '0'
end
if tonumber(NUMBER) <= tonumber(s[3]) then
  local entry = redis.call('XRANGE', LOG, ID, ID)[1]
  local known = entry and fields(entry)
  if known and known.epoch == ARGV[1] then
    return { 'taken', known.segment, known.discontinuities, known.target, {}, s[9] or '' }
  end
  return { 'fenced', s[1] }
end

local hasPayload = redis.call('STRLEN', CHUNK) == BYTES
local bytes = (tonumber(s[7]) or 0) + (hasPayload and footprint(BYTES) or 0)
local span = (tonumber(s[8]) or 0) + (hasPayload and SPAN or 0)
local dropped = {}
while bytes > MOST_BYTES or span > MOST_SPAN do
  local oldest = redis.call('XRANGE', LOG, '-', '+', 'COUNT', 2)
  for _, entry in ipairs(oldest) do
    if bytes <= MOST_BYTES and span <= MOST_SPAN then break end
    local known = fields(entry)
    bytes = bytes - footprint(tonumber(known.bytes) or 0)
    span = span - (tonumber(known.duration) or 0)
    redis.call('XDEL', LOG, entry[1])
    dropped[#dropped + 1] = known.epoch or ''
    dropped[#dropped + 1] = string.match(entry[1], '^%d+')
  end
  if #oldest == 0 then
    bytes, span = hasPayload and footprint(BYTES) or 0, hasPayload and SPAN or 0
    break
  end
end
redis.call('HSET', STATE, 'bytes', text(bytes), 'span', text(span))
if not hasPayload then return { 'payload', dropped } end

local segment, discontinuities, target = '0', '0', ARGV[12]
if s[4] and s[4] ~= '' then
  segment = text(tonumber(s[4]) + tonumber(ARGV[7]) + tonumber(ARGV[14]))
  discontinuities = text(tonumber(s[5]) + tonumber(ARGV[8]) + tonumber(ARGV[15]))
  if s[6] and s[6] ~= '' then target = s[6] end
end

local function add()
  return redis.pcall('XADD', LOG, ID, 'n', NUMBER, 'epoch', ARGV[1], 'bytes', ARGV[3], 'pts', ARGV[4], 'duration', ARGV[5],
    'keyframe', ARGV[6], 'segment', segment, 'discontinuity', ARGV[8], 'wall_ms', ARGV[9], 'starts', ARGV[7],
    'discontinuities', discontinuities, 'target', target, 'listed', ARGV[10], 'continuity', ARGV[11])
end
local added = add()
if type(added) == 'table' and added.err then
  -- Somebody else has written an id that no chunk will have.
  redis.call('DEL', LOG)
  added = add()
  if type(added) == 'table' and added.err then return added end
end
redis.call('HSET', STATE, 'head', NUMBER, 'segment', segment, 'discontinuities', discontinuities, 'target', target,
  'end_time', ARGV[13])
redis.call('EXPIRE', LOG, ARGV[16])
redis.call('SET', INDEX, NUMBER, 'EX', ARGV[16])
redis.call('EXPIRE', STATE, ARGV[17])
return { 'taken', segment, discontinuities, target, dropped, s[9] or '' }
