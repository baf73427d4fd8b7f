-- ARGV: 6 whether there are as many streams as may be, then the registration: field, value, …
local function insert(epoch)
  store(7, #ARGV)
  set('status', 'idle', 'revision', '1', 'epoch', text(epoch), 'created_at', text(NOW), 'last_access', text(NOW),
    'client_count', '0')
  load()
  activate()
end

local function answer(reused) return reply('registered', reused and '1' or '0', redis.call('HGETALL', STREAM)) end

if not load() then
  if ARGV[6] == '1' then return reply('full') end
  insert(0)
  return answer(false)
end

-- It was deleted and its owner still closes. The deletion is told now, so that pairs of events stay in order.
if s.status == 'deleted' then
  end_deletion()
  local kept = redis.call('HMGET', STREAM, 'head', 'segment')
  local epoch = s.epoch
  redis.call('DEL', STREAM)
  if kept[1] then set('head', kept[1]) end
  if kept[2] then set('segment', kept[2]) end
  insert(epoch)
  return answer(false)
end

touch(NOW)
if count() > 0 then return answer(true) end
if differs(7, #ARGV) then
  store(7, #ARGV)
  redis.call('HINCRBY', STREAM, 'revision', 1)
end
if s.status == 'idle' or s.status == 'failed' then
  become_idle()
  activate()
end
return answer(false)
