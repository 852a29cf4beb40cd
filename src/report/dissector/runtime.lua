-- How the table above is read. Nothing below is made from a capture.

local proto = Proto(spec.name, spec.title)
local roles = { "control", "keyword", "data", "unknown" }
local own = {
  message = ProtoField.string(spec.name .. ".message", "Message"),
  from = ProtoField.string(spec.name .. ".from", "Sent by"),
  terminator = ProtoField.bytes(spec.name .. ".terminator", "Terminator"),
  delimiter = ProtoField.bytes(spec.name .. ".delimiter", "Delimiter"),
  bits = ProtoField.bytes(spec.name .. ".bits", "Bits"),
  other = ProtoField.bytes(spec.name .. ".other", "Not described"),
}
local declared = { own.message, own.from, own.terminator, own.delimiter, own.bits, own.other }
for _, role in ipairs(roles) do
  local make = spec.text and ProtoField.string or ProtoField.bytes
  own[role] = make(spec.name .. "." .. role, role)
  declared[#declared + 1] = own[role]
end
for _, field in ipairs(spec.fields) do
  local filter = spec.name .. "." .. field.id
  if field.form == "number" then
    field.own = ProtoField["uint" .. 8 * field.bytes](filter, field.name, base.DEC, field.bytes < 8 and field.names or nil)
  elseif field.form == "bits" then
    field.own = ProtoField.uint32(filter, field.name, base.DEC, field.names)
  elseif field.form == "ipv4" then
    field.own = ProtoField.ipv4(filter, field.name)
  elseif field.form == "ipv6" then
    field.own = ProtoField.ipv6(filter, field.name)
  elseif field.form == "text" then
    field.own = ProtoField.string(filter, field.name)
  else
    field.own = ProtoField.bytes(filter, field.name)
  end
  declared[#declared + 1] = field.own
end
proto.fields = declared

-- A number of some bytes; those of eight are exact up to 2^53.
local function number(bytes, little)
  local value = 0
  for index = 1, #bytes do
    value = value * 256 + bytes:byte(little and #bytes + 1 - index or index)
  end
  return value
end

-- Whether all bits that count are alike.
local function alike(bytes, wanted, mask)
  if not mask then return bytes == wanted end
  if #bytes ~= #wanted then return false end
  for index = 1, #bytes do
    local left, right, bits = bytes:byte(index), wanted:byte(index), mask:byte(index)
    for _ = 1, 8 do
      if bits % 2 == 1 and left % 2 ~= right % 2 then return false end
      left, right, bits = math.floor(left / 2), math.floor(right / 2), math.floor(bits / 2)
    end
  end
  return true
end

-- The columns of a line, where each begins and ends, from 0. At the edges a delimiter may lack the blanks that would stand outside.
local function divided(body, delimiter)
  local found, start, stop = {}, 0, #body
  local front, back = delimiter:match("^%s*(.*)$"), delimiter:match("^(.-)%s*$")
  local edges = front ~= ""
  if edges and #front < #delimiter and body:sub(1, #front) == front then
    found[1] = { 0, 0 }
    start = #front
  end
  local open = edges and #back < #delimiter and #body > start + #back and body:sub(-#back) == back
  if open then stop = stop - #back end
  local inner = body:sub(1, stop)
  while true do
    local first, last = inner:find(delimiter, start + 1, true)
    if not first then break end
    found[#found + 1] = { start, first - 1 }
    start = last
  end
  found[#found + 1] = { start, stop }
  if open then found[#found + 1] = { #body, #body } end
  return found
end

-- The columns of a line, and whether only blanks divide it.
local function columns(body, side)
  for _, delimiter in ipairs(side.delimiters) do
    local found = divided(body, delimiter)
    if #found > 1 then return found, delimiter:match("^%s*$") ~= nil end
  end
  return { { 0, #body } }, false
end

local read

-- Where a field begins and ends in its message, from 0, and where the next one begins; nothing where it is not there.
local function locate(message, index)
  local known = message.places[index]
  if known ~= nil then return known end
  message.places[index] = false
  local field, body = spec.fields[index], message.body
  local start, stop, behind
  if field.place == "bytes" then
    start, stop = field.offset, field.offset + field.size
  elseif field.place == "bits" then
    start, stop = math.floor(field.offset / 8), math.floor((field.offset + field.size + 7) / 8)
  elseif field.place == "column" then
    for _, word in ipairs(field.words or {}) do
      if body:sub(1, #word) == word then start, stop = 0, #word end
    end
    local last = #message.columns
    while last > 1 and message.columns[last][1] == message.columns[last][2] do last = last - 1 end
    local place = field.closes and math.min(last, field.column + 1) or field.column + 1
    if field.closes and message.blank then place = last end
    local column = message.columns[place]
    if not column then return false end
    if not stop then start, stop = column[1], column[2] end
    -- Words in a sentence are no columns.
    if field.rest and message.blank and last - field.rest > place then stop = message.columns[last - field.rest][2] end
    if field.rest == 0 and message.blank then stop = #body end
  elseif field.place == "after" then
    start = 0
    if field.after then
      local before = locate(message, field.after)
      if not before then return false end
      start = before.behind
    end
    if field.size then
      stop = start + field.size
    elseif field.size_from then
      local size = read(message, field.size_from)
      stop = size and start + size
    elseif field["until"] then
      local first, last = body:find(field["until"], start + 1, true)
      stop, behind = first and first - 1 or #body, last
    elseif field.to_end then
      stop = #body
    end
  end
  if not stop or not start or start > stop or stop > #message.bytes then return false end
  local place = { start = start, stop = stop, behind = behind or stop }
  message.places[index] = place
  return place
end

-- The number a field holds.
function read(message, index)
  local place = locate(message, index)
  if not place then return nil end
  local field, bytes = spec.fields[index], message.bytes:sub(place.start + 1, place.stop)
  if field.form == "number" then return number(bytes, field.little) end
  if field.form == "bits" then
    local below = place.stop * 8 - field.offset - field.size
    return math.floor(number(bytes, false) / 2 ^ below) % 2 ^ field.size
  end
  local digits = bytes:match("^%s*(%d+)%s*$")
  return digits and #digits < 16 and tonumber(digits) or nil
end

local function holds(message, test)
  local place = locate(message, test.field)
  if not place then return false end
  if test.any then
    local bytes = message.bytes:sub(place.start + 1, place.stop)
    for _, word in ipairs(test.any) do
      if bytes == word then return true end
    end
    return false
  end
  if test.number then return read(message, test.field) == test.number end
  return alike(message.bytes:sub(place.start + 1, place.stop), test.bytes, test.mask)
end

-- The first type whose conditions hold, and among those without conditions the one with as many columns.
local function type_of(message)
  local plain, least
  for _, index in ipairs(message.side.types) do
    local kind = spec.types[index]
    local fits = true
    for _, test in ipairs(kind.tests) do
      if not holds(message, test) then fits = false; break end
    end
    if fits and #kind.tests > 0 then return index end
    if fits then
      local missing = #message.columns - kind.columns
      if missing >= 0 and (missing == 0 or message.blank or kind.columns == 0) and (not least or missing < least) then plain, least = index, missing end
    end
  end
  return plain
end

-- What tiles a message: its fields, and between them delimiters, the terminator and what nothing describes.
local function tiles(message)
  local found = {}
  local function add(indices)
    for _, index in ipairs(indices) do
      local place = locate(message, index)
      if place and place.stop > place.start then
        found[#found + 1] = { start = place.start, stop = place.stop, order = #found, index = index }
      end
    end
  end
  add(spec.header)
  if message.type then add(spec.types[message.type].fields) end
  table.sort(found, function(left, right)
    if left.start ~= right.start then return left.start < right.start end
    if left.stop ~= right.stop then return left.stop > right.stop end
    return left.order < right.order
  end)
  local tiled, at = {}, 0
  local function put(start, stop, own_field, role)
    if stop > start then tiled[#tiled + 1] = { start = start, stop = stop, own = own_field, role = role, inside = {} } end
  end
  local function between(stop)
    -- What the program knows better is divided by whatever divides lines.
    while spec.known and #message.columns == 1 and not message.blob and at < stop do
      local first, last
      for _, delimiter in ipairs(spec.delimiters) do
        local begin, finish = message.body:find(delimiter, at + 1, true)
        if begin and finish <= stop and (not first or begin < first) then first, last = begin, finish end
      end
      if not first then break end
      put(at, first - 1, own.other, "unknown")
      put(first - 1, last, own.delimiter, "control")
      at = last
    end
    -- What is in no column stands between two.
    for _, column in ipairs(spec.text and message.columns or {}) do
      if column[1] > at and column[1] <= stop then
        put(at, column[1], own.delimiter, "control")
        at = column[1]
      end
      if column[2] > at and column[1] <= at and column[1] < stop then
        put(at, math.min(column[2], stop), own.other, "unknown")
        at = math.min(column[2], stop)
      end
    end
    local divides = spec.text and #message.columns > 1
    put(at, stop, divides and own.delimiter or own.other, divides and "control" or "unknown")
    at = stop
  end
  for _, part in ipairs(found) do
    local last = tiled[#tiled]
    if part.start >= at then
      between(part.start)
      put(part.start, part.stop, nil, spec.fields[part.index].role)
      tiled[#tiled].inside = { part }
      at = part.stop
    elseif last then
      last.inside[#last.inside + 1] = part
      last.stop = math.max(last.stop, part.stop)
      at = math.max(at, part.stop)
    end
  end
  if at < #message.body then between(#message.body) end
  put(math.max(at, #message.body), #message.bytes, own.terminator, "control")
  return tiled
end

local function add_field(tree, part, range, message)
  local field = spec.fields[part.index]
  if field.form == "bits" then return tree:add(field.own, range, read(message, part.index)) end
  if field.form == "text" then return tree:add_packet_field(field.own, range, ENC_UTF_8) end
  if field.form == "number" and field.little then return tree:add_le(field.own, range) end
  return tree:add(field.own, range)
end

-- A line of a message, or a message of one: what is in it, and its type.
local function line_of(bytes, terminator, side, kind, first)
  local line = { bytes = bytes, body = bytes:sub(1, #bytes - #terminator), side = side, places = {} }
  if kind then line.columns, line.blank = { { 0, #line.body } }, false
  else line.columns, line.blank = columns(line.body, side) end
  line.type = kind
  if first and not kind then
    local found = type_of(line)
    line.type, line.places = found, {}
  end
  return line
end

local function show(tvb, at, bytes, side, kind, root, pinfo, counted)
  local lines = {}
  if side.lines then
    local start = 1
    while start <= #bytes do
      local _, last = bytes:find("\n", start, true)
      local part = bytes:sub(start, last)
      lines[#lines + 1] = line_of(part, part:match("\r?\n$") or "", side, nil, #lines == 0)
      start = start + #part
    end
  elseif counted then
    local start = 1
    for number = 1, counted do
      local _, last = bytes:find(side.terminator, start, true)
      if not last then break end
      lines[number] = line_of(bytes:sub(start, last), side.terminator, side, nil, number == 1)
      start = last + 1
    end
    if start <= #bytes then
      lines[#lines + 1] = { bytes = bytes:sub(start), body = bytes:sub(start), side = side, places = {}, columns = { { 0, #bytes + 1 - start } }, blob = true }
    end
  else
    local terminator = side.terminator or ""
    local ended = terminator ~= "" and not kind and bytes:sub(-#terminator) == terminator
    lines[1] = line_of(bytes, ended and terminator or "", side, kind, true)
  end
  local name = lines[1] and lines[1].type and spec.types[lines[1].type].name or "unknown"
  local tree = root:add(own.message, tvb(at, #bytes), name)
  tree:add(own.from, side.name):set_generated()
  for _, line in ipairs(lines) do
    for _, tile in ipairs(tiles(line)) do
      local range = tvb(at + tile.start, tile.stop - tile.start)
      local item
      if tile.own then
        item = tree:add(tile.own, range)
      elseif #tile.inside == 1 then
        item = add_field(tree, tile.inside[1], range, line)
      else
        item = tree:add(own.bits, range)
        for _, part in ipairs(tile.inside) do
          add_field(item, part, tvb(at + part.start, part.stop - part.start), line)
        end
      end
      if spec.text then item:add_packet_field(own[tile.role], range, ENC_UTF_8):set_hidden()
      else item:add(own[tile.role], range):set_hidden() end
    end
    at = at + #line.bytes
  end
  pinfo.cols.protocol = spec.short
  pinfo.cols.info:append(" " .. name)
  pinfo.cols.info:fence()
end

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
  local count = bytes:sub(start, last - #side.terminator):match("(%d+)%s*$")
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
    if found then return size, nil, counted.lines end
  end
  for _, prompt in ipairs(side.prompts) do
    if bytes:sub(at + 1, at + #prompt.bytes) == prompt.bytes then return prompt.size, prompt.type end
  end
  if side.fixed then return side.fixed end
  if side.length then
    local first = at + side.length.offset
    local digits = bytes:sub(first + 1, first + side.length.size)
    if #digits < side.length.size then return nil end
    local size = number(digits, side.length.little) + side.length.addend
    if size < side.length.offset + side.length.size or size > spec.most then return #bytes - at end
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
  if not side.terminator then return found end
  local count = bytes:match("(%d+)%s*$")
  if count and #count < 8 and tonumber(count) > 0 then found[1] = tonumber(count) end
  for _, before in ipairs(left) do
    if before > #bytes and #found < 4 then found[#found + 1] = before - #bytes end
  end
  return found
end

-- Counted bytes that are still to come, of each side of each stream, and as it was before each packet.
local still, before = {}, {}
local stream = spec.transport == "tcp" and Field.new("tcp.stream") or nil
local servers = {}
for _, port in ipairs(spec.ports) do servers[port] = true end

function proto.dissector(tvb, pinfo, root)
  local from_server = servers[pinfo.src_port] and not servers[pinfo.dst_port]
  local side = from_server and spec.server or spec.client
  local tree = root:add(proto, tvb())
  -- With a length and nothing else Wireshark puts the messages together.
  if side.length and #side.prompts == 0 then
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
  while at < #bytes do
    local size, kind, counted = extent(bytes, at, side, still[key] or {})
    if not size or at + size > #bytes then
      if pinfo.can_desegment > 0 then
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
