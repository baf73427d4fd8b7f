if not visible() then return { text(NOW), events, '', '', 'unknown' } end
return { text(NOW), events, '', tostring(count()), 'stream', redis.call('HGETALL', STREAM) }
