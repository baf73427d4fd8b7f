-- An event that never was in a partition's stream becomes a dead letter, once a source. KEYS: 1 the dead letters, 2 the
-- source's key. ARGV: 2 lifetime of the source in s, 3 the source, 4 client, 5 device, 6 reason, 7 detail, 8 the event.
-- Replies: added | known.
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'known' } end
local entry = add_letter(KEYS[1], '', { ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], '0' }, ARGV[8])
trim_letters(KEYS[1])
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[2], entry, 'EX', ARGV[2]) end
return { 'added' }
