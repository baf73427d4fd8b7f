#!lua flags=allow-oom
-- KEYS: 1 the workers. ARGV: 1 offset of the clock in µs, 2 worker, 3 and 4 its JSON before and after the times, 5 when it
-- started in µs ('': now). Answers when it started.
local clock = redis.call('TIME')
local now = string.format('%.0f', tonumber(clock[1]) * 1000000 + tonumber(clock[2]) + tonumber(ARGV[1]))
local started = ARGV[5] ~= '' and ARGV[5] or now
redis.call('HSET', KEYS[1], ARGV[2],
  ARGV[3] .. '"started_at":' .. started .. ',"last_seen":' .. now .. ARGV[4])
return started
