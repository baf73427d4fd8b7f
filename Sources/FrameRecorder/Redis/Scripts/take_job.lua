-- KEYS: 1 a job of the cluster. ARGV: 2 who wants to have it, 3 lifetime in ms. Replies: taken | held, by whom. Whoever has it
-- renews it so too.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[2] then return { 'held', held } end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return { 'taken' }
