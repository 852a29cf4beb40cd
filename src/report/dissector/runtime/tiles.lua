-- What tiles a message: its fields, and between them delimiters, the terminator and what nothing describes.
local function tiles(message)
  local found = {}
  if message.label then
    local all = {
      { start = 0, stop = message.label, own = own.name, role = "keyword", inside = {} },
      { start = message.label, stop = #message.body, own = own.value, role = "data", inside = {} },
      { start = #message.body, stop = #message.bytes, own = own.terminator, role = "control", inside = {} },
    }
    for _, tile in ipairs(all) do
      if tile.start < tile.stop then found[#found + 1] = tile end
    end
    return found
  end
  local function add(indices)
    for _, index in ipairs(indices) do
      local place = locate(message, index)
      if place and place.stop > place.start then
        found[#found + 1] = { start = place.start, stop = place.stop, order = #found, index = index }
      end
    end
  end
  if not message.further then add(spec.header) end
  if message.type then add(spec.types[message.type].fields) end
  table.sort(found, function(left, right)
    if left.start ~= right.start then return left.start < right.start end
    if left.stop ~= right.stop then return left.stop > right.stop end
    return left.order < right.order
  end)
  local tiled, at = {}, 0
  -- Where each delimiter is next, and the first column that is not told yet: long lines cost no more than their length.
  local next_of, untold = {}, 1
  local columns = message.side.text and message.columns or {}
  local function put(start, stop, own_field, role)
    if stop > start then tiled[#tiled + 1] = { start = start, stop = stop, own = own_field, role = role, inside = {} } end
  end
  local function between(stop)
    -- What the program knows better is divided by whatever divides lines.
    while spec.known and #message.columns == 1 and not message.blob and at < stop do
      local first, last
      for _, delimiter in ipairs(spec.delimiters) do
        local known = next_of[delimiter]
        if known == nil or (known and known[1] <= at) then
          local begin, finish = message.body:find(delimiter, at + 1, true)
          known = begin and { begin, finish } or false
          next_of[delimiter] = known
        end
        if known and known[2] <= stop and (not first or known[1] < first) then first, last = known[1], known[2] end
      end
      if not first then break end
      put(at, first - 1, own.other, "unknown")
      put(first - 1, last, own.delimiter, "control")
      at = last
    end
    -- What is in no column stands between two.
    while columns[untold] and columns[untold][2] <= at do untold = untold + 1 end
    for index = untold, #columns do
      local column = columns[index]
      if column[1] > stop then break end
      if column[1] > at and column[1] <= stop then
        put(at, column[1], own.delimiter, "control")
        at = column[1]
      end
      if column[2] > at and column[1] <= at and column[1] < stop then
        put(at, math.min(column[2], stop), own.other, "unknown")
        at = math.min(column[2], stop)
      end
    end
    local divides = message.side.text and #message.columns > 1
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

-- Marks the role of a range, below what is shown of it.
local function mark(item, role, range)
  if spec.text then item:add_packet_field(own[role], range, ENC_UTF_8):set_hidden()
  else item:add(own[role], range):set_hidden() end
end

-- Shows what a field is made of that divides again: what follows a tag is below it.
local function add_parts(item, part, tvb, at, message)
  local field, trees = spec.fields[part.index], { [0] = item }
  local function put(what, start, stop, depth)
    if stop == start then return end
    local range = tvb(at + start, stop - start)
    local shown = trees[depth]:add(own[what], range)
    if what == "tag" then trees[depth + 1] = shown end
    mark(shown, role_of[what], range)
  end
  if field.deltas then delta_parts(message.bytes, part.start, part.stop, put)
  elseif field.numbers then number_parts(message.bytes, part.start, part.stop, put)
  elseif field.chain then chain_parts(message.bytes, part.start, part.stop, field.chain, 0, put)
  else text_parts(message.bytes, part.start, part.stop, field.texts, put) end
end

-- A line of a message, or a message of one: what is in it, and its type.
local function line_of(bytes, terminator, side, kind, first)
  local line = { bytes = bytes, body = bytes:sub(1, math.max(#bytes - #terminator - spec.tail, 0)), side = side, places = {}, further = not first }
  if kind then line.columns, line.blank = { { 0, #line.body } }, false
  else line.columns, line.blank, line.between = columns(line.body, side) end
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
    for number = 1, counted.lines do
      local _, last = bytes:find(side.terminator, start, true)
      if not last then break end
      local line = line_of(bytes:sub(start, last), side.terminator, side, nil, number == 1)
      for _, label in ipairs(number > 1 and counted.labels or {}) do
        if not line.label and line.body:sub(1, #label) == label then line.label = #label end
      end
      lines[number] = line
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
      local only = #tile.inside == 1 and spec.fields[tile.inside[1].index]
      if only and (only.chain or only.deltas or only.numbers or only.texts) then add_parts(item, tile.inside[1], tvb, at, line)
      else mark(item, tile.role, range) end
    end
    at = at + #line.bytes
  end
  pinfo.cols.protocol = spec.short
  pinfo.cols.info:append(" " .. name)
  pinfo.cols.info:fence()
end
