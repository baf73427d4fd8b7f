-- ARGV: 6 client.
if not visible() or not is_here(ARGV[6]) then return { text(NOW), events, '', '', 'unknown' } end
return { text(NOW), events, '', '', 'client', redis.call('HGETALL', client_key(ARGV[6])) }
