-- Entries become entries of other partitions, in their order and once. KEYS: 1 the partition, 2 its stream, 3… the stream that
-- each entry goes to. ARGV 4: a list of entry, its new source, time of receipt, the device that it is recorded as. Replies:
-- fenced | moved, entries that stay since the other stream is another program's key.
local fenced = fence()
if fenced then return fenced end
local STREAM = KEYS[2]
local left = {}
for i, move in ipairs(take_list(4)) do
  local found = redis.call('XRANGE', STREAM, move[1], move[1])[1]
  local added = found and redis.pcall('XADD', KEYS[2 + i], '*', 'event', fields(found[2]).event or '', 'source', move[2],
    'received', move[3], 'device', move[4])
  if type(added) == 'table' and added.err then
    left[#left + 1] = move[1]
  else
    -- One after the other: an error further on finds this one done.
    acknowledge(STREAM, { move[1] })
  end
end
return { 'moved', left }
