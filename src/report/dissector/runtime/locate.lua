-- Where fields are in their messages, and which type a message is of.

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
  local front, back = delimiter:match("^%s*(.*)$"), delimiter:sub(1, without_blanks(delimiter))
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

-- The columns of a line, whether only blanks divide it, and what does.
local function columns(body, side)
  for _, word in ipairs(spec.openings) do
    if body:sub(1, #word) == word then return { { 0, #word } }, false end
  end
  local found, blank, between = { { 0, #body } }, false, nil
  for _, delimiter in ipairs(side.delimiters) do
    local some = divided(body, delimiter)
    if #some > 1 then
      found, blank, between = some, delimiter:match("^%s*$") ~= nil, delimiter
      break
    end
  end
  -- The hyphen behind a status says that its answer goes on in the next line.
  if side.codes[body:sub(1, 3)] and body:sub(4, 4) == "-" and found[1][1] == 0 and found[1][2] > 3 then
    found[1][1] = 4
    table.insert(found, 1, { 0, 3 })
    blank = true
  end
  return found, blank, between
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
    -- A line with more columns than its type: what is more is in the wide one.
    local more = last - field.column - 1 - (field.wide or field.late or last)
    if more > 0 and field.late then place = place + more end
    local column = message.columns[place]
    if not column then return false end
    if not stop then start, stop = column[1], column[2] end
    if more > 0 and field.wide then stop = message.columns[place + more][2] end
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
    if field.size and field.to_end then
      -- It stands at the very end, whatever is before it.
      start, stop = #message.bytes - field.size, #message.bytes
    elseif field.size then
      stop = start + field.size
    elseif field.size_from then
      local size = read(message, field.size_from)
      stop = size and start + size
    elseif field["until"] then
      local first, last = body:find(field["until"], start + 1, true)
      stop, behind = first and (field.keeps and last or first - 1) or #body, last
    elseif field.labels then
      stop = name_end(body, start)
    elseif field.to_end then
      stop = #body
    end
    if field.chain and stop and start < stop and not links(body, start, stop, field.chain) then return false end
    if field.deltas and stop and not delta_links(body, start, stop) then return false end
  end
  if not stop or not start or start < 0 or start > stop or stop > #message.bytes then return false end
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
    -- What the program knows is divided by what the type is divided by.
    local fits = not (kind.between and message.between) or kind.between[message.between] or false
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
