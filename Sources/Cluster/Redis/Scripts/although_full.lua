#!lua flags=allow-oom
-- One command on KEYS[1], also while Redis' memory is full. ARGV: 1 its name, then what follows the key.
return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
