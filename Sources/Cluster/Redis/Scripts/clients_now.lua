-- KEYS: 1 streams with clients. ARGV: 1 offset of the clock in µs, 2 lifetime of a client in ms.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + tonumber(clock[2]) / 1000 + tonumber(ARGV[1]) / 1000
local floor = string.format('%.0f', now - tonumber(ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', floor)
return redis.call('ZCARD', KEYS[1])
