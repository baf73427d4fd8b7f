-- A device's folder has been looked at. KEYS: 1 its record, which is not made for this. ARGV: 2 when, in ms. Replies: looked.
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'looked_ms', ARGV[2]) end
return { 'looked' }
