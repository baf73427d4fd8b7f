#!lua flags=allow-oom
-- KEYS: 1 the log's state, 2 the log. ARGV: 1 epoch, 2 lifetime of the state in s, then what the caller knows of the log, if
-- anything: 3 epoch, 4 last chunk, 5 segment, 6 discontinuities, 7 target duration, 8 end time.
local STATE, LOG = KEYS[1], KEYS[2]
local s = redis.call('HMGET', STATE, 'epoch', 'head', 'segment', 'discontinuities', 'target', 'end_time', 'end_id')
if s[1] and tonumber(s[1]) > tonumber(ARGV[1]) then return { 'fenced', s[1] } end

local head, segment, discontinuities, target, end_time = s[2] or '0', s[3] or '', s[4] or '', s[5] or '', s[6] or ''
local function greater(a, b) return (tonumber(a) or -1) > (tonumber(b) or -1) and a or b end

-- Redis has lost the state, or an older owner has put back its own.
if ARGV[3] ~= '' and tonumber(ARGV[3]) > tonumber(s[1] or '-1') and tonumber(ARGV[4]) >= tonumber(head) then
  head, end_time = ARGV[4], ARGV[8]
  segment, discontinuities = greater(ARGV[5], segment), greater(ARGV[6], discontinuities)
  if ARGV[7] ~= '' then target = ARGV[7] end
end

redis.call('HSET', STATE, 'epoch', ARGV[1], 'open', '1', 'head', head, 'segment', segment, 'discontinuities',
  discontinuities, 'target', target, 'end_time', end_time)
redis.call('EXPIRE', STATE, ARGV[2])
if s[7] then
  redis.call('XDEL', LOG, s[7])
  redis.call('HDEL', STATE, 'end_id')
end
return { 'open', head, segment, target, end_time, discontinuities }
