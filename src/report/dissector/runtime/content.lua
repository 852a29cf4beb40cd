-- What is in bodies of HTTP: JSON, forms, and what is not read. A body comes in runs; `state` says where it is, and is a flat table.

-- Whether a value of JSON without quotes goes on with this byte.
local function bare_goes_on(text, letter)
  if #text >= 64 then return false end
  if (text == "" and letter or text):find("^%l") then
    for _, word in ipairs({ "true", "false", "null" }) do
      if word:sub(1, #text) == text and word:sub(#text + 1, #text + 1) == letter then return true end
    end
    return false
  end
  local behind_digit, exponent = text:find("%d$") ~= nil, text:find("[eE]") ~= nil
  if letter:find("%d") then return text ~= "0" and text ~= "-0" end
  if letter == "-" then return text == "" or text:find("[eE]$") ~= nil end
  if letter == "+" then return text:find("[eE]$") ~= nil end
  if letter == "." then return behind_digit and not text:find("[^%d%-]") end
  if letter == "e" or letter == "E" then return behind_digit and not exponent end
  return false
end

-- What follows a byte of JSON outside of texts and words; nothing where it may not stand there.
local function json_behind(state, letter)
  local where, levels = state.json, state.levels
  if where == "value" and (letter == "{" or letter == "[") then
    if #levels >= 32 then return nil end
    state.levels, state.open = levels .. letter, true
    return letter == "{" and "key" or "value"
  end
  local closes = (state.open and (where == "value" or where == "key")) or where == "behind"
  if closes and (letter == "}" or letter == "]") then
    if (levels:sub(-1) == "{") ~= (letter == "}") or levels == "" then return nil end
    if where == "key" and letter == "]" or where == "value" and letter == "}" then return nil end
    state.levels = levels:sub(1, -2)
    return "behind"
  end
  if where == "value" and letter == '"' then return "text" end
  if where == "key" and letter == '"' then
    state.name = 0
    return "key_text"
  end
  if where == "colon" and letter == ":" then
    state.open = false
    return "value"
  end
  if where == "behind" and letter == "," and levels ~= "" then
    state.open = false
    return levels:sub(-1) == "{" and "key" or "value"
  end
  return nil
end

-- Bytes of a text, from its first one up to its end.
local function json_text(state, bytes, at, stop, put)
  local is_key = state.json == "key_text"
  local what = is_key and "key" or "value"
  if state.escaped then
    state.escaped = false
    put(what, at, at + 1)
    return at + 1
  end
  local found = bytes:find('["\\]', at + 1)
  local finish = found and math.min(found - 1, stop) or stop
  if is_key then
    state.name = state.name + finish - at
    if state.name > 256 then
      state.json = "broken"
      put("withheld", at, finish)
      return finish
    end
  end
  put(what, at, finish)
  if finish == stop then return finish end
  if bytes:byte(finish + 1) == 34 then
    put("json", finish, finish + 1)
    state.json = is_key and "colon" or "behind"
  else
    put(what, finish, finish + 1)
    state.escaped = true
  end
  return finish + 1
end

-- Bytes of a number or a word.
local function json_bare(state, bytes, at, stop, put)
  local start = at
  while at < stop do
    local letter = bytes:sub(at + 1, at + 1)
    if not bare_goes_on(state.bare, letter) then
      local whole = state.bare:find("%d$") or state.bare == "true" or state.bare == "false" or state.bare == "null"
      state.json = whole and letter:find("[,%]}%s]") and "behind" or "broken"
      break
    end
    state.bare, at = state.bare .. letter, at + 1
  end
  put("value", start, at)
  return at
end

local function json(state, bytes, at, stop, put)
  while at < stop do
    local where = state.json
    if where == "broken" then
      put("withheld", at, stop)
      at = stop
    elseif where == "text" or where == "key_text" then
      at = json_text(state, bytes, at, stop, put)
    elseif where == "bare" then
      at = json_bare(state, bytes, at, stop, put)
    else
      local letter = bytes:sub(at + 1, at + 1)
      local _, blank = bytes:find("^[ \t\r\n]+", at + 1)
      if blank then
        blank = math.min(blank, stop)
        put("blank", at, blank)
        at = blank
      elseif where == "value" and letter:find("[%-%d%l]") then
        state.json, state.bare = "bare", ""
      else
        state.json = json_behind(state, letter) or "broken"
        put(state.json == "broken" and "withheld" or "json", at, at + 1)
        at = at + 1
      end
    end
  end
end

local function form(state, bytes, at, stop, put)
  while at < stop do
    local letter = bytes:sub(at + 1, at + 1)
    if letter == "&" or (letter == "=" and not state.in_value) then
      state.in_value = letter == "="
      put("separator", at, at + 1)
      at = at + 1
    else
      local found = bytes:find(state.in_value and "&" or "[&=]", at + 1)
      local finish = found and math.min(found - 1, stop) or stop
      put(state.in_value and "value" or "key", at, finish)
      at = finish
    end
  end
end

-- Tells `put` what the next bytes of a body are.
local function content(state, bytes, at, stop, put)
  if stop <= at then return end
  -- Some call whatever they send a form.
  if state.content == "form" and not state.begun and bytes:sub(at + 1, at + 1) == "{" then state.content = "json" end
  state.begun = true
  if state.content == "json" then json(state, bytes, at, stop, put)
  elseif state.content == "form" then form(state, bytes, at, stop, put)
  else put("withheld", at, stop) end
end
