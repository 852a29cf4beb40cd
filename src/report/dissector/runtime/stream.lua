-- How long the message of a type is whose lines count what follows; and whether it is of that type.
local function counted_extent(bytes, at, side, counted)
  local _, last = bytes:find(side.terminator, at + 1, true)
  if not last then return nil, false end
  local first = line_of(bytes:sub(at + 1, last), side.terminator, side, nil, false)
  for _, test in ipairs(spec.types[counted.type].tests) do
    if not holds(first, test) then return nil, false end
  end
  local start = at + 1
  for number = 1, counted.lines do
    _, last = bytes:find(side.terminator, start, true)
    if not last then return nil, true end
    if number < counted.lines then start = last + 1 end
  end
  local count = last_digits(bytes:sub(start, last - #side.terminator))
  if not count or #count > 8 then return nil, false end
  return math.min(last - at + tonumber(count), spec.most), true
end

-- How long the message is that begins there, and its type where its beginning tells; nothing while that is not known.
local function extent(bytes, at, side, left)
  -- Behind a line that ends with a number, so many bytes without an end are one message, or end with one.
  for _, count in ipairs(left) do
    if #bytes - at == count and not bytes:find(side.terminator, at + 1, true) then return count end
  end
  for _, counted in ipairs(side.counted) do
    local size, found = counted_extent(bytes, at, side, counted)
    if found then return size, nil, counted end
  end
  for _, prompt in ipairs(side.prompts) do
    if bytes:sub(at + 1, at + #prompt.bytes) == prompt.bytes then return prompt.size or #bytes - at, prompt.type end
  end
  if side.fixed then return side.fixed end
  if side.length then
    local first = at + side.length.offset
    local digits = bytes:sub(first + 1, first + side.length.size)
    if #digits < side.length.size then return nil end
    local value, more = number(digits, side.length.little), 0
    if side.length.ber and value > 127 then
      more = value - 128
      if more < 1 or more > 4 then return #bytes - at end
      digits = bytes:sub(first + 2, first + 1 + more)
      if #digits < more then return nil end
      value = number(digits, false)
    end
    local size = value + more + side.length.addend
    if size < side.length.offset + side.length.size + more or size > spec.most then return #bytes - at end
    return size
  end
  if side.terminator then
    local _, last = bytes:find(side.terminator, at + 1, true)
    return last and last - at
  end
  return #bytes - at
end

-- Bytes that numbers count and that have not come yet, behind a message.
local function left_behind(bytes, side, left)
  local found = {}
  -- Of protocols that the program knows, those types are told that count.
  if not side.terminator or spec.known then return found end
  local count = last_digits(bytes)
  if count and #count < 8 and tonumber(count) > 0 then found[1] = tonumber(count) end
  for _, before in ipairs(left) do
    if before > #bytes and #found < 4 then found[#found + 1] = before - #bytes end
  end
  return found
end

-- Counted bytes that are still to come, of each side of each stream, and as it was before each packet.
local still, before = {}, {}
-- Another capture, or the same one anew, has none.
function proto.init() still, before, asked = {}, {}, {} end

local stream = spec.transport == "tcp" and Field.new("tcp.stream") or nil
local ports, servers = {}, {}
for _, port in ipairs(spec.ports) do ports[port] = true end
for _, address in ipairs(spec.servers) do
  servers[#servers + 1] = address:find(":", 1, true) and Address.ipv6(address) or Address.ip(address)
end

local function is_server(address)
  for _, server in ipairs(servers) do
    if address == server then return true end
  end
  return false
end

-- Whether the server sent a packet: it has the server's port, and where both have, the server's address.
local function by_server(pinfo)
  if ports[pinfo.src_port] and ports[pinfo.dst_port] then return is_server(pinfo.src) and not is_server(pinfo.dst) end
  return ports[pinfo.src_port] or false
end

function proto.dissector(tvb, pinfo, root)
  local side = by_server(pinfo) and spec.server or spec.client
  local tree = root:add(proto, tvb())
  -- With a length and nothing else Wireshark puts the messages together.
  if side.length and not side.length.ber and #side.prompts == 0 then
    local header = side.length.offset + side.length.size
    local function length(buffer, _, offset)
      local size = extent(buffer:raw(offset, buffer:len() - offset), 0, side, {})
      return size or header
    end
    local function one(buffer, info)
      show(buffer, 0, buffer:raw(0, buffer:len()), side, nil, tree, info, nil)
      return buffer:len()
    end
    return dissect_tcp_pdus(tvb, root, header, length, one)
  end
  local key = side.name .. tostring(stream and stream() or "")
  local packet = key .. ":" .. pinfo.number
  if pinfo.visited then still[key] = before[packet] elseif before[packet] == nil then before[packet] = still[key] or {} end
  local bytes, at = tvb:raw(0, tvb:len()), 0
  if side.http then
    local known, read, missing = http_packet(tvb, bytes, side, still[key] or {}, tostring(stream and stream() or ""), tree, pinfo)
    still[key] = known
    if missing then pinfo.desegment_offset, pinfo.desegment_len = read, missing end
    return #bytes
  end
  while at < #bytes do
    local size, kind, counted = extent(bytes, at, side, still[key] or {})
    if not size or at + size > #bytes then
      -- What goes on for longer than messages may be is shown as it comes: to wait for its end would cost the square of its length.
      if pinfo.can_desegment > 0 and #bytes - at <= spec.most then
        pinfo.desegment_offset = at
        pinfo.desegment_len = size and at + size - #bytes or DESEGMENT_ONE_MORE_SEGMENT
        return #bytes
      end
      size = #bytes - at
    end
    local message = bytes:sub(at + 1, at + size)
    show(tvb, at, message, side, kind, tree, pinfo, counted)
    still[key] = left_behind(message, side, still[key] or {})
    at = at + size
  end
  return #bytes
end

for _, port in ipairs(spec.ports) do
  DissectorTable.get(spec.transport .. ".port"):add(port, proto)
end
