#!lua flags=allow-oom
-- What stands before every script of a stream. KEYS: 1 the stream's hash, 2 its clients. ARGV: 1 offset of the clock in
-- µs, 2 lifetime of a stream's keys in ms, 3 lifetime of a client's in ms, 4 what the keys of its clients begin with, 5 for
-- how many ms after its start Redis is settling; a script's own arguments follow. A reply is {now in µs, events, last access in ms, clients, tag, …}.
local STREAM, CLIENTS, CLIENT_PREFIX = KEYS[1], KEYS[2], ARGV[4]
local STREAM_TTL, CLIENT_TTL, SETTLE = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local NOW = tonumber(clock[1]) * 1000000 + tonumber(clock[2]) + tonumber(ARGV[1])
local LARGEST = 9007199254740991

local OWNED = { starting = true, running = true, holding = true }
local KNOWN = { idle = true, stopping = true, failed = true, deleted = true, starting = true, running = true, holding = true }

local events = {}
local prolongs = true  -- whether the stream's lifetime begins anew
local s  -- the stream as `load` found it and as the script has changed it

local function text(number) return string.format('%.0f', number) end

-- What is stored but cannot be: the caller names field and key.
local function refuse(field) error({ err = 'BADVALUE ' .. field }) end

local function number(value, field)
  if not value then return 0 end
  if #value > 16 or not string.match(value, '^%d+$') or tonumber(value) > LARGEST then refuse(field) end
  return tonumber(value)
end

local function argument(index) return tonumber(ARGV[index]) end
local function milliseconds(time) return text(math.floor(time / 1000)) end
local function set(...) redis.call('HSET', STREAM, ...) end
local function clear(...) redis.call('HDEL', STREAM, ...) end
local function get(field) return redis.call('HGET', STREAM, field) end
local function metadata() return get('metadata') or '{}' end

-- Arguments that are a field and its value by turns; an empty value is an absent field.
local function differs(first, last)
  for i = first, last, 2 do
    if (get(ARGV[i]) or '') ~= ARGV[i + 1] then return true end
  end
  return false
end

local function store(first, last)
  for i = first, last, 2 do
    if ARGV[i + 1] == '' then clear(ARGV[i]) else set(ARGV[i], ARGV[i + 1]) end
  end
end

local function load()
  local v = redis.call('HMGET', STREAM, 'status', 'owner', 'owner_epoch', 'epoch', 'last_access', 'active', 'had_client',
    'target_duration')
  local status = v[1]
  if not status then
    if redis.call('EXISTS', STREAM) == 1 then refuse('status') end
    return nil
  end
  if not KNOWN[status] then refuse('status') end
  local owned = OWNED[status] or status == 'stopping' or status == 'deleted'
  if owned and not (v[2] and v[3]) then refuse('owner') end
  s = {
    status = status, owner = v[2], owner_epoch = v[3], epoch = number(v[4], 'epoch'), active = v[6], had_client = v[7],
    -- A clock that was set back must not keep a stream for ever.
    last_access = math.min(number(v[5], 'last_access'), NOW), target_duration = number(v[8], 'target_duration'),
  }
  -- A client may be silent for three of them.
  CLIENT_TTL = math.max(CLIENT_TTL, 4 * s.target_duration / 1000)
  return s
end

local function visible() return load() and s.status ~= 'deleted' end
local function runs() return OWNED[s.status] end

local function touch(time)
  s.last_access = math.max(s.last_access, time)
  set('last_access', text(s.last_access))
end

local function grow_epoch(epoch)
  if epoch > LARGEST then refuse('epoch') end
  s.epoch = epoch
  set('epoch', text(epoch))
end

-- Clients that were confirmed within their lifetime.
local function count()
  return redis.call('ZCOUNT', CLIENTS, '(' .. milliseconds(NOW - CLIENT_TTL * 1000), '+inf')
end

local function reply(tag, ...)
  local access, clients = '', ''
  if s and s.status ~= 'gone' then
    access, clients = milliseconds(s.last_access), tostring(count())
    if prolongs then redis.call('PEXPIRE', STREAM, STREAM_TTL) end
  end
  return { text(NOW), events, access, clients, tag, ... }
end

local function tell(...) events[#events + 1] = { ... } end

-- For how many ms more the owners of lost streams may put them back; nil: no longer.
local function settling()
  if SETTLE <= 0 then return nil end
  local uptime = tonumber(string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')) * 1000
  return uptime < SETTLE and text(SETTLE - uptime) or nil
end

-- The answer where there is no such stream for the caller.
local function unknown()
  local remaining = not s and settling()
  if remaining then return reply('settling', remaining) end
  return reply('unknown')
end

-- From stream_started to stream_stopped a stream is active; `active` is the metadata that the first one told.
local function activate()
  if s.active then return end
  s.active = metadata()
  s.had_client = count() > 0 and '1' or '0'
  set('active', s.active, 'had_client', s.had_client)
  tell('started', s.active, redis.call('HGETALL', STREAM))
end

local function deactivate(reason, timeout, deletion)
  if not s.active then return end
  local v = redis.call('HMGET', STREAM, 'kind', 'total_bytes', 'created_at')
  local age = deletion and deletion[1] == 'oldest' and text(math.max(NOW - number(v[3], 'created_at'), 0)) or ''
  tell('stopped', s.active, reason, v[1] or '', v[2] or '0', timeout or '', deletion and deletion[2] or '',
    deletion and deletion[3] or '', age)
  s.active = nil
  clear('active', 'had_client')
end

local REASONS = { manual = 'manual_deletion', metadata = 'metadata_filter_deletion', oldest = 'oldest_stream_deletion' }

local function end_deletion()
  local v = redis.call('HMGET', STREAM, 'deletion_kind', 'deletion_field', 'deletion_value')
  deactivate(REASONS[v[1]] or REASONS.manual, nil, v)
end

local function remove_stream()
  s.status = 'gone'
  redis.call('DEL', STREAM, CLIENTS)
end

-- What a call of the owner with `epoch` is answered; nil: it is the owner.
local function fence(epoch)
  if not load() then
    local remaining = settling()
    if remaining then return { 'settling', remaining } end
    return { 'fenced', 'unknown' }
  end
  if runs() then
    if s.owner_epoch == epoch then return nil end
    return { 'fenced', 'superseded', s.owner, s.owner_epoch }
  end
  if (s.status == 'stopping' or s.status == 'deleted') and s.owner_epoch == epoch then return { 'fenced', 'stopping' } end
  return { 'fenced', 'superseded' }
end

local function become_idle(status)
  s.status = status or 'idle'
  set('status', s.status)
  clear('owner', 'owner_epoch', 'stop_reason')
end

-- Clients: a hash each, with a field for each connection.

local function client_key(client) return CLIENT_PREFIX .. client end

local function score(client)
  local value = redis.call('ZSCORE', CLIENTS, client)
  return value and tonumber(value)
end

local function is_here(client)
  local confirmed = score(client)
  return confirmed and confirmed > math.floor((NOW - CLIENT_TTL * 1000) / 1000)
    and redis.call('EXISTS', client_key(client)) == 1
end

-- Longer than a client counts, so that whoever sweeps can still tell who is gone.
local function client_lifetime() return text(CLIENT_TTL * 1.5) end

-- Somebody answers for the client now; seen is when it last asked. `keep_clients` is to follow.
local function confirm(client, seen)
  local key = client_key(client)
  local v = redis.call('HMGET', key, 'connections', 'last_seen')
  local last = math.max(math.min(number(v[2], 'last_seen'), NOW), seen)
  redis.call('HSET', key, 'last_seen', text(last))
  local time = number(v[1], 'connections') > 0 and NOW or last
  redis.call('ZADD', CLIENTS, milliseconds(time), client)
  redis.call('PEXPIRE', key, client_lifetime())
end

local function keep_clients() redis.call('PEXPIRE', CLIENTS, client_lifetime()) end

local function add_traffic(client, first)
  local key, bytes, segments, position, lag = client_key(client), unpack(ARGV, first, first + 3)
  if bytes ~= '0' then redis.call('HINCRBY', key, 'bytes_served', bytes) end
  if segments ~= '0' then redis.call('HINCRBY', key, 'segments_served', segments) end
  if position ~= '' and lag ~= '' then
    redis.call('HSET', key, 'position', position, 'lag_ms', lag)
  elseif position ~= '' then
    redis.call('HSET', key, 'position', position)
  elseif lag ~= '' then
    redis.call('HSET', key, 'lag_ms', lag)
  end
end

local function add_totals(bytes, segments)
  if bytes ~= '0' then redis.call('HINCRBY', STREAM, 'total_bytes', bytes) end
  if segments ~= '0' then redis.call('HINCRBY', STREAM, 'total_segments', segments) end
end

local function note_count() set('client_count', tostring(count())) end

-- Its fields as they were.
local function drop(client)
  local fields = redis.call('HGETALL', client_key(client))
  redis.call('DEL', client_key(client))
  redis.call('ZREM', CLIENTS, client)
  return fields
end

local function tell_disconnected(client, fields, reason) tell('disconnected', metadata(), client, fields, reason) end
