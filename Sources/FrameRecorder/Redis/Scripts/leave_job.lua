-- KEYS: 1 a job of the cluster. ARGV: 2 who had it. Replies: left | held, by whom ('': nobody).
local held = redis.call('GET', KEYS[1])
if held ~= ARGV[2] then return { 'held', held or '' } end
redis.call('DEL', KEYS[1])
return { 'left' }
