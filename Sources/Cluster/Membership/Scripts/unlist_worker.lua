#!lua flags=allow-oom
-- KEYS: 1 the workers. ARGV: 1 worker, 2 its entry as it was read. Removes it unless it was written since.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
