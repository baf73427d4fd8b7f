-- ARGV: 6 client.
if not visible() or not is_here(ARGV[6]) then return reply('unknown') end
local fields = drop(ARGV[6])
note_count()
touch(NOW)
tell_disconnected(ARGV[6], fields, 'deleted')
return reply('removed', fields)
