-- ARGV: 6 epoch.
local fenced = fence(ARGV[6])
if fenced then return reply(unpack(fenced)) end
return reply('accepted', metadata())
