if not visible() then return reply('unknown') end
touch(NOW)
return reply('touched')
