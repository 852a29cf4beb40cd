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
  name = ProtoField.string(spec.name .. ".name", "Name"),
  tag = ProtoField.uint8(spec.name .. ".tag", "Tag"),
  length = ProtoField.bytes(spec.name .. ".length", "Length"),
  value = ProtoField.bytes(spec.name .. ".value", "Value"),
  text = ProtoField.string(spec.name .. ".text", "Text"),
  padding = ProtoField.bytes(spec.name .. ".padding", "Padding"),
}
local declared = {}
for _, field in pairs(own) do declared[#declared + 1] = field end
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

-- What the parts of a field that divides again are for.
local role_of = { tag = "keyword", length = "control", padding = "control", delimiter = "control", value = "data", text = "data" }

