-- A number of some bytes; those of eight are exact up to 2^53.
local function number(bytes, little)
  local value = 0
  for index = 1, #bytes do
    value = value * 256 + bytes:byte(little and #bytes + 1 - index or index)
  end
  return value
end

-- How long a text is without the blanks at its end; patterns would try each place.
local function without_blanks(text)
  local stop = #text
  while stop > 0 do
    local byte = text:byte(stop)
    if byte ~= 32 and (byte < 9 or byte > 13) then break end
    stop = stop - 1
  end
  return stop
end

-- The digits that a text ends with, blanks behind them apart: at most nine of them, or nothing.
local function last_digits(text)
  local stop = without_blanks(text)
  local start = stop
  while start > 0 and stop - start < 9 do
    local byte = text:byte(start)
    if byte < 48 or byte > 57 then break end
    start = start - 1
  end
  return start < stop and text:sub(start + 1, stop) or nil
end

-- Where the name of labels ends that begins there, from 0; nothing where none does.
local function name_end(bytes, at)
  while true do
    local size = bytes:byte(at + 1)
    if not size then return nil end
    at = at + 1
    if size == 0 then return at end
    if size >= 192 then return at < #bytes and at + 1 or nil end
    if size >= 64 or at + size > #bytes or bytes:sub(at + 1, at + size):find("[^!-~]") then return nil end
    at = at + size
  end
end

-- The links of a chain of tag, length and value that ends exactly at `stop`; nothing where it does not.
local function links(bytes, start, stop, chain)
  local found, at, solid = {}, start, start
  local function number_at(from, size)
    return from + size <= stop and number(bytes:sub(from + 1, from + size), chain.little) or nil
  end
  while at < stop do
    local tag, behind = bytes:byte(at + 1), at + chain.tag
    if behind > stop then return nil end
    if chain.tag == 1 and not chain.whole and (tag == 0 or tag == 255) then
      -- The next byte that is not zero is looked for once.
      if solid <= behind then solid = bytes:find("[^%z]", behind + 1) or #bytes + 1 end
      local zeros = solid > stop
      if tag == 255 then
        if not zeros then return nil end
        found[#found + 1] = { start = at, value = behind, stop = behind }
        if behind < stop then found[#found + 1] = { start = behind, stop = stop, padding = true } end
        return found
      end
      found[#found + 1] = { start = at, stop = zeros and stop or behind, padding = true }
      at = found[#found].stop
    else
      local value = behind + chain.size
      local length = number_at(behind, chain.size)
      if chain.tag == 1 and chain.size == 1 and not chain.whole and length and length > 128 and length < 133 then
        local more = length - 128
        length, value = number_at(value, more), value + more
      end
      local finish = length and (chain.whole and at or value) + length
      if not finish or finish < value or finish > stop or #found >= spec.links then return nil end
      local next = math.min(start + math.ceil((finish - start) / chain.aligned) * chain.aligned, stop)
      if bytes:sub(finish + 1, next):find("[^%z]") then return nil end
      found[#found + 1] = { start = at, value = value, stop = finish, next = next }
      at = next
    end
  end
  return #found > 0 and found or nil
end

-- Tells `put` what a chain is made of: a name, and where it begins and ends. Says whether it is one.
local function chain_parts(bytes, start, stop, chain, depth, put)
  local found = links(bytes, start, stop, chain)
  for _, link in ipairs(found or {}) do
    if link.padding then
      put("padding", link.start, link.stop, depth)
    else
      local behind = link.start + chain.tag
      put("tag", link.start, behind, depth)
      -- A length that says how many bytes of length follow is two numbers.
      put("length", behind, behind + chain.size, depth + 1)
      put("length", behind + chain.size, link.value, depth + 1)
      local nested = chain.tag == 1 and depth < spec.depth and chain.nested[bytes:byte(link.start + 1)]
      if not (nested and chain_parts(bytes, link.value, link.stop, chain, depth + 1, put)) then
        put("value", link.value, link.stop, depth + 1)
      end
      put("padding", link.stop, link.next or link.stop, depth)
    end
  end
  return found ~= nil
end

-- The number of half a byte, and where its further bytes end; nothing where they are not there.
local function half(bytes, nibble, at, stop)
  if nibble < 13 then return nibble, at end
  local finish = at + nibble - 12
  if nibble == 15 or finish > stop then return nil end
  return number(bytes:sub(at + 1, finish), false) + (nibble == 13 and 13 or 269), finish
end

-- The links of half a tag and half a length that end exactly at `stop`, or at a mark, and where that is; nothing where they do not.
local function delta_links(bytes, start, stop)
  local found, at = {}, start
  while at < stop do
    local head = bytes:byte(at + 1)
    if head == 255 then return found, at end
    local _, tag_stop = half(bytes, math.floor(head / 16), at + 1, stop)
    local length, value
    if tag_stop then length, value = half(bytes, head % 16, tag_stop, stop) end
    if not value or value + length > stop or #found >= spec.links then return nil end
    found[#found + 1] = { start = at, tag_stop = tag_stop, value = value, stop = value + length }
    at = value + length
  end
  return found
end

-- Tells `put` what such a chain is made of.
local function delta_parts(bytes, start, stop, put)
  local found, mark = delta_links(bytes, start, stop)
  for _, link in ipairs(found or {}) do
    put("tag", link.start, link.start + 1, 0)
    put("tag", link.start + 1, link.tag_stop, 0)
    put("length", link.tag_stop, link.value, 1)
    put("value", link.value, link.stop, 1)
  end
  if mark then
    put("delimiter", mark, mark + 1, 0)
    put("value", mark + 1, stop, 0)
  end
end

-- The same of numbers of four bytes, and of texts with zeros up to the next four behind the number that says their length.
local function number_parts(bytes, start, stop, put)
  local at = start
  while at < stop do
    local first = at + 4
    if first > stop then
      put("value", at, stop, 0)
      return
    end
    local length = number(bytes:sub(at + 1, first), false)
    local last = first + length
    local next = first + math.ceil(length / 4) * 4
    local is_text = length > 0 and next <= stop
      and not bytes:sub(first + 1, last):find("[^ -~]") and not bytes:sub(last + 1, next):find("[^%z]")
    if is_text then
      put("length", at, first, 0)
      put("text", first, last, 0)
      put("padding", last, next, 0)
      at = next
    else
      put("value", at, first, 0)
      at = first
    end
  end
end

-- The same of texts that certain bytes end.
local function text_parts(bytes, start, stop, ends, put)
  while start < stop do
    local _, last = bytes:find(ends, start + 1, true)
    last = last and math.min(last, stop) or stop
    put("text", start, last, 0)
    start = last
  end
end
