-- ARGV: from 6 on, for each client: id, bytes, segments, position, lag in ms, idle time in µs.
if not visible() then return unknown() end
local gone, bytes, segments, latest = {}, 0, 0, nil
for i = 6, #ARGV, 6 do
  local client = ARGV[i]
  if is_here(client) then
    local seen = math.max(NOW - argument(i + 5), 0)
    add_traffic(client, i + 1)
    bytes, segments = bytes + argument(i + 1), segments + argument(i + 2)
    confirm(client, seen)
    latest = math.max(latest or seen, seen)
  else
    gone[#gone + 1] = client
  end
end
if latest then
  keep_clients()
  add_totals(text(bytes), text(segments))
  touch(latest)
end
return reply('refreshed', gone, text(bytes), text(segments))
