-- KEYS: 1 the partition, 2 the device's record, 3 its session, 4 the archives. ARGV: 2 the session, 3 offline threshold in
-- ms, 4 the most patience with a slow device in ms, 5 how long a session has to be for an archive in ms ('': there are
-- none), 6 the device. Replies: none | online, until when in ms | tail | unread | ended or skipped. Anybody may call it.
local PARTITION, DEVICE, SESSION, ARCHIVES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local d = redis.call('HMGET', DEVICE, 'session', 'received_id', 'received_ms', 'interval_ms', 'done_id')
if (d[1] or '') ~= ARGV[2] then return { 'none' } end
local patience = math.min(3 * (tonumber(d[4]) or 0), tonumber(ARGV[4]))
local silent = (tonumber(d[3]) or 0) + math.max(tonumber(ARGV[3]), patience)
if NOW <= silent then return { 'online', text(silent) } end
if is_after(d[2], d[5]) then return { 'tail' } end
local drained = tonumber(redis.call('HGET', PARTITION, 'drained_ms'))
if not drained or drained <= silent then return { 'unread' } end
local state = end_session(SESSION, ARCHIVES, ARGV[6] .. ':' .. ARGV[2], 'offline', ARGV[5])
redis.call('HDEL', DEVICE, 'session', 'next_pts', 'cc')
return { state or 'skipped' }
