-- ARGV: 6 epoch, then operation, field, value, …
local fenced = fence(ARGV[6])
if fenced then return reply(unpack(fenced)) end
for i = 7, #ARGV, 3 do
  local operation, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if operation == 'set' then set(field, value)
  elseif operation == 'clear' then clear(field)
  elseif operation == 'add' then redis.call('HINCRBY', STREAM, field, value)
  elseif operation == 'raise' then
    local old = get(field)
    if not old or number(old, field) < tonumber(value) then set(field, value) end
  end
end
return reply('accepted')
