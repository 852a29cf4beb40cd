// Reads messages of a document with a compiled Kaitai Struct: node read.js STRUCT.js DOCUMENT. The struct was compiled with positions kept
// (the debug mode of its compiler). Prints what it found otherwise than the document, a line each, and at last how many messages and
// ranges were alike.
const KaitaiStream = require("kaitai-struct/KaitaiStream");
const fs = require("fs");
const path = require("path");

const Struct = Object.values(require(path.resolve(process.argv[2])))[0] || require(path.resolve(process.argv[2]));
const document = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const grammar = document.protocols[0].grammar;
const camel = (name) => name.split("_").map((part, place) => (place ? part.charAt(0).toUpperCase() + part.slice(1) : part)).join("");

const fields = new Map();
for (const field of [...grammar.header_fields || [], ...(grammar.message_types || []).flatMap((type) => type.fields || [])]) fields.set(field.id, field);

// Where a member was read, in the whole message.
function range(of, member) {
  const found = of._debug[member];
  return found && found.end !== undefined ? [found.start + found.ioOffset, found.end + found.ioOffset] : undefined;
}

// The ranges of what divides again; those that hold nothing are none.
function parts(value, inside) {
  if (inside.form === "texts") return value.texts.map((_, place) => ranges(value, "texts", place));
  const links = value.links.slice();
  if (inside.form === "deltas") {
    const members = ["linkHead", "linkTag1", "linkTag2", "linkLen1", "linkLen2", "linkValue"];
    return links.flatMap((link) => members.map((name) => range(link, name))).filter((found) => found && found[1] > found[0]);
  }
  // Zeros at the end are padding, together.
  let padding = links.length;
  while (padding > 0 && links[padding - 1].bare && links[padding - 1].linkTag === 0) padding -= 1;
  const rest = links.splice(padding).map((link) => range(link, "linkTag"));
  const tail = rest.length ? [[rest[0][0], rest[rest.length - 1][1]]] : [];
  return links.flatMap((link) => {
    const found = ["linkTag", "linkLen", "linkLen1", "linkLen2", "linkLen3", "linkLen4"].map((name) => range(link, name));
    if (link.linkValue && link.linkValue.links) found.push(...parts(link.linkValue, inside));
    else found.push(range(link, "linkValue"));
    return found;
  }).concat(tail).filter((found) => found && found[1] > found[0]);
}

function ranges(of, member, place) {
  const found = of._debug[member].arr[place];
  return [found.start + found.ioOffset, found.end + found.ioOffset];
}

// The ranges of a field in what was read.
function found(content, field, offset) {
  const name = camel(`f_${field.name}`);
  const value = content[name];
  const whole = value === undefined ? undefined : range(content, `_m_${name}`);
  if (field.location.column !== undefined) {
    // What goes on to the end of its line was read at its place.
    if (whole) return whole[1] > whole[0] ? [whole] : [];
    const column = content.columns[`c${field.location.column}`];
    return [[column.start + offset, column.start + column.len + offset]].filter(([start, end]) => end > start);
  }
  if (value === undefined) return [];
  // What keeps the bytes that end it is whole.
  const isWhole = field.inside && (field.inside.form === "labels" || field.location.until !== undefined);
  if (field.inside && !isWhole) return parts(value, field.inside);
  return whole && whole[1] > whole[0] ? [whole] : [];
}

let [messages, alike, all] = [0, 0, 0];
for (const message of document.sessions.flatMap((session) => session.messages)) {
  if (message.payload.kept !== undefined || message.payload.hex.includes(".")) continue;
  const bytes = new Uint8Array(Buffer.from(message.payload.hex, "hex"));
  const side = message.direction;
  let content;
  try {
    const read = new Struct(new KaitaiStream(bytes.buffer), null, null, side === "server");
    read._read();
    if (read[side].length !== 1) throw new Error(`${read[side].length} messages`);
    content = read[side][0].body.content;
  } catch (error) {
    console.log(`${message.id}: ${error.message}`);
    continue;
  }
  messages += 1;
  for (const id of new Set(message.tokens.map((token) => token.field).filter(Boolean))) {
    const field = fields.get(id);
    if (field.location.after !== undefined && ["terminator", "delimiter"].includes(field.kind)) continue;
    const wanted = message.tokens.filter((token) => token.field === id).map((token) => `${token.start}-${token.end}`);
    let there = [];
    try {
      there = found(content, field, 0).map(([start, end]) => `${start}-${end}`);
    } catch (error) {
      there = [error.message];
    }
    all += wanted.length;
    if (wanted.join() === there.join()) alike += wanted.length;
    else console.log(`${message.id}: ${id} is at ${wanted}, not at ${there}`);
  }
}
console.log(`${messages} messages, ${alike} of ${all} ranges`);
