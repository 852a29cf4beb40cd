-- Messages of HTTP: a head of lines up to an empty one, then a body that is as long as the head says, comes in chunks, or ends with the
-- connection. Long ones are shown in parts, as the program does.

local PART, MOST_RUNS = 65536, 8192
local METHODS = { GET = true, POST = true, PUT = true, DELETE = true, HEAD = true, OPTIONS = true, PATCH = true, CONNECT = true, TRACE = true }
-- Methods that were asked for, of each stream in order: answers to some have no body.
local asked = {}

local ends = spec.transport == "tcp" and Field.new("tcp.flags.fin") or nil

-- Whether the packet is the last one of its side.
local function is_last()
  local fin = ends and ends()
  return fin ~= nil and fin.value == true
end

-- A function that gives runs of bytes a name; neighbours of one name are one.
local function collector(runs)
  return function(what, start, stop)
    if stop <= start then return end
    local last = runs[#runs]
    if #runs >= MOST_RUNS then what = "withheld" end
    if last and last.name == what and last.stop == start then last.stop = stop
    else runs[#runs + 1] = { name = what, start = start, stop = stop } end
  end
end

-- How long the head is that begins there; nothing while its empty line has not come.
local function head_size(bytes, at)
  local from = bytes:find("[^\r\n]", at + 1)
  while from do
    local last = bytes:find("\n", from, true)
    if not last then return nil end
    local one, two = bytes:byte(last + 1, last + 2)
    if one == 10 then return last + 1 - at end
    if one == 13 and two == 10 then return last + 2 - at end
    from = last + 1
  end
  return nil
end

-- What stands between the parts of a head.
local function between_parts(head, at, stop, put)
  while at < stop do
    local what = "line_end"
    local _, last = head:find("^[\r\n]+", at + 1)
    if not last then
      what = "separator"
      _, last = head:find("^[ \t:]+", at + 1)
    end
    if not last then
      what = "withheld"
      _, last = head:find("^[^\r\n \t:]+", at + 1)
    end
    put(what, at, math.min(last, stop))
    at = last
  end
end

-- The parts of a first line, and what it says; nothing where it is none.
local function first_line(line, start, from_server)
  if from_server then
    local version, code, status, behind, reason = line:match("^HTTP/1%.%d()[ ]+()(%d%d%d)()(.*)$")
    if not status then return nil end
    local words = reason:find("[^ ]") or #reason + 1
    if reason ~= "" and words == 1 then return nil end
    local parts = { { "version", start, start + version - 1 }, { "version", start + code - 1, start + behind - 1 } }
    parts[3] = { "reason", start + behind + words - 2, start + #line }
    return parts, tonumber(status)
  end
  local method, behind, target, stop, version = line:match("^(%u+) +()[^ ]+() +()HTTP/1%.%d$")
  if not (method and METHODS[method]) then return nil end
  return { { "method", start, start + #method }, { "target", start + behind - 1, start + target - 1 }, { "version", start + stop - 1, start + #line } }, method
end

-- A head: its runs, its values by small name, and what its first line says.
local function read_head(head, from_server, put)
  local start = head:find("[^\r\n]") - 1
  local parts, said, headers = nil, nil, {}
  while start < #head do
    local last = head:find("\n", start + 1, true) or #head + 1
    local line = head:sub(start + 1, last - 1):gsub("\r$", "")
    if not parts then
      parts, said = first_line(line, start, from_server)
      if not parts then return nil end
    else
      local name, blank, value = line:match("^([^%c%s:()<>@,;\\\"/%[%]?={}]+)([ \t]*):[ \t]*()")
      if name and (blank == "" or from_server) then
        local stop = without_blanks(line)
        parts[#parts + 1] = { "header", start, start + #name }
        if stop >= value then parts[#parts + 1] = { "header_value", start + value - 1, start + stop } end
        local key = name:lower()
        headers[key] = headers[key] or {}
        table.insert(headers[key], stop >= value and line:sub(value, stop) or "")
      end
    end
    start = last
  end
  local at = 0
  for _, part in ipairs(parts) do
    between_parts(head, at, part[2], put)
    put(part[1], part[2], part[3])
    at = part[3]
  end
  between_parts(head, at, #head, put)
  return headers, said
end

-- The words of a header, which commas divide.
local function words_of(headers, name)
  local found = {}
  for _, value in ipairs(headers[name] or {}) do
    for word in value:gmatch("[^,]+") do
      word = word:gsub("^%s+", "")
      word = word:sub(1, without_blanks(word)):lower()
      if word ~= "" then found[#found + 1] = word end
    end
  end
  return found
end

-- How the body behind a head is framed, and what is in it.
local function body_of(headers, said, answers)
  local coding = words_of(headers, "transfer-encoding")
  local chunked, lengths = coding[#coding] == "chunked", words_of(headers, "content-length")
  local length = lengths[1] and #lengths[1] < 16 and lengths[1]:find("^%d+$") and tonumber(lengths[1]) or nil
  for _, other in ipairs(lengths) do
    if length and (not other:find("^%d+$") or tonumber(other) ~= length) then length = nil end
  end
  local state = { state = "length", left = 0, digits = 0, json = "value", levels = "", bare = "", name = 0 }
  local none = type(said) == "number" and (said < 200 or said == 204 or said == 304 or answers == "HEAD" or (answers == "CONNECT" and said < 300))
  if none then state.left = 0
  elseif chunked then state.state = "size"
  elseif type(said) == "number" and (#coding > 0 or not length) then state.state = "close"
  else state.left = length or 0 end
  if state.state == "length" and state.left == 0 then state.state = "done" end
  local kind, packed = ((headers["content-type"] or {})[1] or ""):lower(), false
  for _, word in ipairs(words_of(headers, "content-encoding")) do packed = packed or word ~= "identity" end
  if packed or kind:find("multipart", 1, true) then state.content = "opaque"
  elseif kind:find("x-www-form-urlencoded", 1, true) then state.content = "form"
  elseif kind == "" or kind:find("json", 1, true) then state.content = "json"
  else state.content = "opaque" end
  return state
end

-- Reads on in a chunk's size, or behind it; where that ends.
local function chunk_line(state, bytes, at, stop, put)
  local letter = bytes:sub(at + 1, at + 1)
  local what = state.state
  if letter == "\r" or letter == "\n" then
    if what == "size" and state.digits == 0 then
      state.state = "broken"
      return at
    end
    put("line_end", at, at + 1)
    if what == "size" then state.state = "size_end" end
    if letter == "\r" then return at + 1 end
    if what == "chunk_end" then state.state, state.left, state.digits = "size", 0, 0
    elseif what == "trailer" then
      if state.fresh then state.state = "done" end
      state.fresh = true
    else state.state, state.fresh = state.left == 0 and "trailer" or "chunk", true end
    return at + 1
  end
  if what == "size" and letter:find("%x") and state.digits < 15 then
    state.left, state.digits = state.left * 16 + tonumber(letter, 16), state.digits + 1
    put("chunk_size", at, at + 1)
    return at + 1
  end
  if what == "chunk_end" or (what == "size" and (state.digits == 0 or not letter:find("[; \t]"))) then
    state.state = "broken"
    return at
  end
  local found = bytes:sub(at + 1, stop):find("[\r\n]")
  local finish = what == "size" and at + 1 or found and at + found - 1 or stop
  if what == "size" then state.state = "size_end" end
  state.fresh = false
  put("withheld", at, finish)
  return finish
end

-- Reads on in a body up to `stop`; where what was read of it ends.
local function read_body(state, bytes, at, stop, put)
  while at < stop and state.state ~= "done" and state.state ~= "broken" do
    if state.state == "close" then
      content(state, bytes, at, stop, put)
      at = stop
    elseif state.state == "length" or state.state == "chunk" then
      local finish = math.min(stop, at + state.left)
      content(state, bytes, at, finish, put)
      state.left, at = state.left - (finish - at), finish
      if state.left == 0 then state.state = state.state == "length" and "done" or "chunk_end" end
    else
      at = chunk_line(state, bytes, at, stop, put)
    end
  end
  return at
end

-- Where a head may begin, behind bytes that are none.
local function next_head(bytes, at, from_server)
  while true do
    local found = bytes:find("HTTP/1.", at + 1, true)
    if not found then return nil end
    if from_server then
      if bytes:find("^%d %d%d%d", found + 7) then return found - 1 end
    else
      -- In front of a method may be the end of a body.
      local text = bytes:sub(at + 1, found - 1)
      local begin, last = nil, text:match("^.*\n()") or 1
      for method in pairs(METHODS) do
        local start = text:find(method .. " ", last, true)
        while start do
          begin = math.max(begin or 0, start)
          start = text:find(method .. " ", start + 1, true)
        end
      end
      if begin then return at + begin - 1 end
    end
    at = found
  end
end

-- Shows a message, or a part of one.
local function show_runs(tvb, at, size, runs, what, side, root, pinfo)
  local fields = {}
  for _, index in ipairs(side.types) do
    if spec.types[index].name == what then
      for _, field in ipairs(spec.types[index].fields) do
        local form = spec.fields[field].form
        -- What a document calls a number is no text.
        if form == "text" or form == "bytes" then fields[spec.fields[field].name] = fields[spec.fields[field].name] or field end
      end
    end
  end
  local tree = root:add(own.message, tvb(at, size), what)
  tree:add(own.from, side.name):set_generated()
  for _, run in ipairs(runs) do
    local range = tvb(at + run.start, run.stop - run.start)
    local field = fields[run.name]
    local item = field and add_field(tree, { index = field }, range) or tree:add(own.other, range)
    mark(item, field and spec.fields[field].role or "unknown", range)
  end
  pinfo.cols.protocol = spec.short
  pinfo.cols.info:append(" " .. what)
  pinfo.cols.info:fence()
end

-- What is known of a side when a packet begins is not changed by what is read in it.
local function copied(of)
  local new = {}
  for key, value in pairs(of) do new[key] = value end
  return new
end

-- Shows the messages of a packet; what its side knows then, and how many bytes were read, and how many are missing, where some are.
local function http_packet(tvb, bytes, side, known, stream_number, root, pinfo)
  local from_server, at = side.name == "server", 0
  known = copied(known)
  asked[stream_number] = asked[stream_number] or {}
  while at < #bytes do
    local runs = {}
    local put = collector(runs)
    local state, ran, what, count = known.body and copied(known.body), 0, nil, known.count or 0
    if not state then
      local size = head_size(bytes, at)
      if not size and #bytes - at <= PART and not is_last() then return known, at, DESEGMENT_ONE_MORE_SEGMENT end
      local headers, said
      if size and size <= PART then headers, said = read_head(bytes:sub(at + 1, at + size), from_server, put) end
      if headers then
        state, ran = body_of(headers, said, from_server and asked[stream_number][count + 1] or nil), size
        local interim = from_server and said < 200
        if not interim then count = count + 1 end
        if not from_server then asked[stream_number][count] = said end
        what = interim and "interim_response" or from_server and "response" or "request"
      end
    end
    if state then
      local stop = math.min(#bytes, at + math.max(PART, ran))
      local finish = read_body(state, bytes, at + ran, stop, function(name, start, last) put(name, start - at, last - at) end)
      local size = finish - at
      local over = state.state == "done" or state.state == "broken"
      -- Where this is the last packet of its side, no more comes.
      if not over and size < PART and pinfo.can_desegment > 0 and not is_last() then
        local left = state.state == "length" and math.min(state.left, PART - size)
        return known, at, left or DESEGMENT_ONE_MORE_SEGMENT
      end
      what = what or (from_server and "response_part" or "request_part")
      if size > 0 then show_runs(tvb, at, size, runs, what, side, root, pinfo) end
      known.count, known.body = count, not over and state or nil
      at = finish
      if size == 0 and not over then break end
    else
      local begin = next_head(bytes, at + 1, from_server)
      if not begin then break end
      at = begin
    end
  end
  return known, #bytes, nil
end
