if not visible() then return { text(NOW), events, '', '', 'unknown' } end
local floor = '(' .. milliseconds(NOW - CLIENT_TTL * 1000)
return { text(NOW), events, '', '', 'clients', redis.call('ZRANGEBYSCORE', CLIENTS, floor, '+inf') }
