-- KEYS: 1 the streams. ARGV: 1 offset of the clock in µs, 2 for how many µs nobody has asked for them.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2]) + tonumber(ARGV[1])
-- Those that lie ahead are of a clock that was set back.
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', now / 1000 + 1000), '+inf')
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', (now - tonumber(ARGV[2])) / 1000 + 1))) do
  ids[#ids + 1] = id
end
return ids
