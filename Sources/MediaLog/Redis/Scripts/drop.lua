#!lua flags=allow-oom
-- Takes the log apart, a page a call. KEYS: 1 the log's state, 2 the log, 3 its index. ARGV: 1 epoch of the owner that
-- clears the log, '' to remove it with its state; 2 entries of a page.
-- Replies: whether there is more, and the chunks that are to go: epoch, number, …
local STATE, LOG, INDEX = KEYS[1], KEYS[2], KEYS[3]
local removes = ARGV[1] == ''
local finish
if not removes then
  local s = redis.call('HMGET', STATE, 'epoch', 'end_id')
  -- Of two owners that began alone the one with the lower epoch may have the log.
  if s[1] and tonumber(s[1]) ~= tonumber(ARGV[1]) then return { 'done', {} } end
  if s[1] then redis.call('HSET', STATE, 'open', '0', 'bytes', '0', 'span', '0') end
  finish = s[2]
end
local dropped, count = {}, 0
if redis.call('TYPE', LOG).ok == 'stream' then
  local page = redis.call('XRANGE', LOG, '-', '+', 'COUNT', ARGV[2])
  count = #page
  for _, entry in ipairs(page) do
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'epoch' then
        dropped[#dropped + 1] = entry[2][i + 1]
        dropped[#dropped + 1] = string.match(entry[1], '^%d+')
      end
    end
    if entry[1] ~= finish then redis.call('XDEL', LOG, entry[1]) end
  end
end
if count == tonumber(ARGV[2]) then return { 'more', dropped } end
redis.call('UNLINK', INDEX)
-- Who follows late is still told how it ended.
if not finish then redis.call('UNLINK', LOG) end
if removes then redis.call('UNLINK', STATE) end
return { 'done', dropped }
