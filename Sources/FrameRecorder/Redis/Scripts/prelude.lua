#!lua flags=allow-oom
-- What stands before every script of the recorder. ARGV: 1 offset of the clock in ms; where KEYS 1 is a partition's hash
-- and the caller must own it, 2 its worker and 3 its epoch, compared as text: numbers in Lua would round it.
local clock = redis.call('TIME')
local NOW = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000) + tonumber(ARGV[1])
local GROUP, READER = 'recorder', 'owner'
local DAY = 86400

local function text(number) return string.format('%.0f', number) end

-- What a stale owner is answered; nil: the caller owns the partition.
local function fence()
  local v = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
  if v[1] == ARGV[2] and v[2] == ARGV[3] then return nil end
  return { 'fenced', v[1] or '', v[2] or '' }
end

-- Arguments are taken one after the other; lists have their length before them.
local at = 4
local function take()
  at = at + 1
  return ARGV[at - 1]
end
local function take_list(width)
  local list = {}
  for i = 1, tonumber(take()) do
    local item = {}
    for j = 1, width do item[j] = take() end
    list[i] = width == 1 and item[1] or item
  end
  return list
end

local function fields(flat)
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

-- Of entry ids; what is none is before all.
local function is_after(left, right)
  local lm, ls = string.match(left or '', '^(%d+)-(%d+)$')
  local rm, rs = string.match(right or '', '^(%d+)-(%d+)$')
  if not lm then return false end
  if not rm or lm ~= rm then return tonumber(lm) > (tonumber(rm) or -1) end
  return ls ~= rs and tonumber(ls) > tonumber(rs)
end

-- In parts, since a call takes only so many arguments.
local function each_part(list, most, act)
  for first = 1, #list, most do act(unpack(list, first, math.min(first + most - 1, #list))) end
end

local function acknowledge(stream, entries)
  each_part(entries, 1000, function(...)
    redis.call('XACK', stream, GROUP, ...)
    redis.call('XDEL', stream, ...)
  end)
end

-- letter: entry, client, device, reason, detail, tries.
local function add_letter(dead, partition, letter, event)
  return redis.call('XADD', dead, 'MAXLEN', '~', '100000', '*', 'partition', partition, 'entry', letter[1], 'client',
    letter[2], 'device', letter[3], 'reason', letter[4], 'detail', letter[5], 'tries', letter[6], 'at', text(NOW),
    'event', event)
end

local function trim_letters(dead)
  redis.call('XTRIM', dead, 'MINID', '~', text(math.max(0, NOW - 7 * DAY * 1000)))
end

-- What the stream does not have is in the letters already, or lost.
local function bury(stream, dead, partition, letters)
  local entries = {}
  for i, letter in ipairs(letters) do
    local found = redis.call('XRANGE', stream, letter[1], letter[1])[1]
    if found then add_letter(dead, partition, letter, fields(found[2]).event or '') end
    entries[i] = letter[1]
  end
  if #entries > 0 then trim_letters(dead) end
  acknowledge(stream, entries)
end

local function raise(key, field, entry)
  if is_after(entry, redis.call('HGET', key, field)) then redis.call('HSET', key, field, entry) end
end

-- What was received last of a device, which is of these devices by that time. Entries that are read again change nothing.
local function receive(device, devices, name, entry)
  if not is_after(entry, redis.call('HGET', device, 'received_id')) then return end
  local received = string.match(entry, '^%d+')
  redis.call('HSET', device, 'received_id', entry, 'received_ms', received)
  redis.call('ZADD', devices, received, name)
end

-- active becomes ended, and enters the archives, or skipped: shortest is how long it has to be for an archive in ms; '' for
-- none. Answers the new state; nil: it was not active.
local function end_session(session, archives, member, reason, shortest)
  local s = redis.call('HMGET', session, 'state', 'started_ms', 'last_ms', 'captured_first', 'captured_last')
  if s[1] ~= 'active' then return nil end
  local function number(index) return tonumber(s[index]) or 0 end
  local span = math.max(number(3) - number(2), number(5) - number(4))
  if shortest == '' or span < tonumber(shortest) then
    redis.call('HSET', session, 'state', 'skipped', 'reason', reason)
    redis.call('EXPIRE', session, DAY)
    return 'skipped'
  end
  redis.call('HSET', session, 'state', 'ended', 'reason', reason, 'next_ms', text(NOW))
  redis.call('PERSIST', session)
  redis.call('ZADD', archives, text(NOW), member)
  return 'ended'
end
