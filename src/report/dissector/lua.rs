//! A grammar as a dissector for Wireshark: a table made from the document, and a fixed program that reads it. All text of the document
//! stands in quoted strings of the table.

use super::cut::Cut;
use super::cut::Ends;
use super::edges::Edge;
use super::plan::Part;
use super::plan::Place;
use super::plan::Plan;
use super::plan::Shape;
use super::plan::Test;
use super::plan::Wanted;
use super::plan::role_name;
use super::quote::lua as quoted;
use super::quote::remark;
use super::within::Within;
use crate::grammar::Inside;
use crate::grammar::LengthForm;
use crate::limits;
use std::fmt::Write as _;

/// The program, in the order of what needs what.
const RUNTIME: [&str; 7] = [
    include_str!("runtime/fields.lua"),
    include_str!("runtime/bytes.lua"),
    include_str!("runtime/locate.lua"),
    include_str!("runtime/tiles.lua"),
    include_str!("runtime/content.lua"),
    include_str!("runtime/http.lua"),
    include_str!("runtime/stream.lua"),
];

/// What Wireshark calls a protocol's fields begins so.
pub(super) fn filter(plan: &Plan<'_>) -> String {
    format!("ntps.{}", plan.service)
}

/// The dissector.
pub(super) fn lua(plan: &Plan<'_>) -> String {
    let mut out = String::from(
        "-- A dissector for Wireshark 4, made by ntp-sniff from a protocol document.\n\
         -- To install it, copy it to the folder that Wireshark names under Help, About, Folders, Personal Lua Plugins.\n\nlocal spec = {\n",
    );
    let name = filter(plan);
    let title = format!("{} (ntp-sniff)", remark(&plan.description.id));
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        _ = writeln!(out, "  {text},");
    };
    line(format!("name = {}, title = {}, short = {}", quoted(name.as_bytes()), quoted(title.as_bytes()), quoted(plan.service.as_bytes())));
    line(format!("transport = {}", quoted(if plan.description.transport == "udp" { b"udp" } else { b"tcp" })));
    line(format!("known = {}", plan.description.known_as.is_some()));
    line(format!("delimiters = {}", list(plan.delimiters.iter().map(|bytes| quoted(bytes)))));
    line(format!("openings = {}", list(plan.openings().into_iter().map(quoted))));
    line(format!("text = {}, most = {}", plan.is_text(), limits::EXPORT_MESSAGE_BYTES));
    line(format!("ports = {}", list(plan.description.server_ports.iter().map(ToString::to_string))));
    line(format!("servers = {}", list(plan.servers.iter().map(|server| quoted(server.to_string().as_bytes())))));
    line(format!("tail = {}, depth = {}, links = {}", plan.tail(), Inside::DEPTH, Inside::LINKS));
    line(format!("header = {}", list((0..plan.header).map(one_based))));
    line(format!("client = {}", side(plan, &plan.client, false)));
    line(format!("server = {}", side(plan, &plan.server, true)));
    line(format!("fields = {}", lines(plan.fields.iter().map(field))));
    let form = |form: &super::plan::Form<'_>| {
        let tests = list(form.tests.iter().map(test));
        let column = |index: &usize| match plan.fields.get(*index)?.place {
            Place::Column(column) => Some(column.saturating_add(1)),
            _ => None,
        };
        let columns = form.fields.iter().filter_map(column).max().unwrap_or(0);
        let fields = list(form.fields.iter().copied().map(one_based));
        let between = plan.between(form);
        let between = list(between.iter().map(|bytes| format!("[{}] = true", quoted(bytes))));
        let between = if between == "{}" { String::new() } else { format!("between = {between}, ") };
        format!("{{ name = {}, columns = {columns}, {between}tests = {tests}, fields = {fields} }}", quoted(form.id.as_bytes()))
    };
    line(format!("types = {}", lines(plan.types.iter().map(form))));
    out.push_str("}\n\n");
    out.push_str(&RUNTIME.join("\n"));
    out
}

/// Lua counts from 1.
fn one_based(index: usize) -> String {
    index.saturating_add(1).to_string()
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
}

/// A list with a line for each.
fn lines(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.map(|item| format!("    {item},\n")).collect();
    if items.is_empty() { "{}".to_owned() } else { format!("{{\n{}  }}", items.concat()) }
}

fn side(plan: &Plan<'_>, cut: &Cut, server: bool) -> String {
    let mut parts = vec![format!("name = {}", quoted(if server { b"server" } else { b"client" }))];
    match &cut.ends {
        Ends::Terminator(bytes) => parts.push(format!("terminator = {}", quoted(bytes))),
        Ends::Length { offset, size, form, little, addend } => {
            let ber = *form == Some(LengthForm::Ber);
            parts.push(format!("length = {{ offset = {offset}, size = {size}, ber = {ber}, little = {little}, addend = {addend} }}"));
        }
        Ends::Http => parts.push("http = true".to_owned()),
        Ends::Fixed(size) => parts.push(format!("fixed = {size}")),
        Ends::Packet => parts.push(format!("lines = {}", cut.text)),
    }
    parts.push(format!("text = {}", cut.text));
    let codes = if server { plan.codes() } else { Vec::new() };
    parts.push(format!("codes = {}", list(codes.iter().map(|code| format!("[{}] = true", quoted(code))))));
    parts.push(format!("delimiters = {}", list(cut.delimiters.iter().map(|bytes| quoted(bytes)))));
    let prompt = |prompt: &super::cut::Prompt| {
        let size = prompt.size.map_or_else(String::new, |size| format!("size = {size}, "));
        format!("{{ bytes = {}, {size}type = {} }}", quoted(&prompt.bytes), one_based(prompt.of))
    };
    let counted = |(of, lines): &(usize, u64)| {
        let labels = list(plan.labels(*of).iter().map(|label| quoted(label)));
        format!("{{ type = {}, lines = {lines}, labels = {labels} }}", one_based(*of))
    };
    parts.push(format!("counted = {}", list(cut.counted.iter().map(counted))));
    parts.push(format!("prompts = {}", list(cut.prompts.iter().map(prompt))));
    parts.push(format!("types = {}", list(plan.types_of(server).into_iter().map(|(index, _)| one_based(index)))));
    list(parts.into_iter())
}

fn field(part: &Part<'_>) -> String {
    // Wireshark wants a name that is not empty.
    let name = Some(remark(&part.field.name)).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| part.id.clone());
    let mut parts = vec![
        format!("id = {}", quoted(part.id.as_bytes())),
        format!("name = {}", quoted(name.as_bytes())),
        format!("role = {}", quoted(role_name(part.field.role).as_bytes())),
    ];
    parts.push(match part.shape {
        Shape::Number { size, little } => format!("form = \"number\", bytes = {size}, little = {little}"),
        Shape::Bits => "form = \"bits\"".to_owned(),
        Shape::Ipv4 => "form = \"ipv4\"".to_owned(),
        Shape::Ipv6 => "form = \"ipv6\"".to_owned(),
        Shape::Text => "form = \"text\"".to_owned(),
        Shape::Bytes => "form = \"bytes\"".to_owned(),
    });
    match &part.place {
        Place::Bytes { offset, size } => parts.push(format!("place = \"bytes\", offset = {offset}, size = {size}")),
        Place::Bits { offset, size } => parts.push(format!("place = \"bits\", offset = {offset}, size = {size}")),
        Place::Column(column) => parts.push(format!("place = \"column\", column = {column}")),
        Place::Nowhere => parts.push("place = \"nowhere\"".to_owned()),
        Place::After { after, size, size_from, until, to_end } => {
            parts.push("place = \"after\"".to_owned());
            parts.extend(after.map(|after| format!("after = {}", one_based(after))));
            parts.extend(size.map(|size| format!("size = {size}")));
            parts.extend(size_from.map(|from| format!("size_from = {}", one_based(from))));
            parts.extend((!until.is_empty()).then(|| format!("[\"until\"] = {}", quoted(until))));
            parts.extend(to_end.then(|| "to_end = true".to_owned()));
        }
    }
    match part.inside() {
        Some(Within::Labels) => parts.push("labels = true".to_owned()),
        Some(Within::Words) => parts.push("numbers = true".to_owned()),
        Some(Within::Deltas) => parts.push("deltas = true".to_owned()),
        Some(Within::Texts(until)) => parts.push(format!("texts = {}", quoted(&until))),
        Some(Within::Tagged { tag, aligned, size, little, whole, nested }) => {
            let nested = list(nested.iter().map(|tag| format!("[{tag}] = true")));
            parts.push(format!(
                "chain = {{ tag = {tag}, aligned = {aligned}, size = {size}, little = {little}, whole = {whole}, nested = {nested} }}"
            ));
        }
        None => {}
    }
    if part.keeps_its_end() {
        parts.push("keeps = true".to_owned());
    }
    if !part.words.is_empty() {
        parts.push(format!("words = {}", list(part.words.iter().map(|word| quoted(word)))));
    }
    match part.edge {
        Edge::Column => {}
        Edge::Closes => parts.push("closes = true".to_owned()),
        Edge::Rest => parts.push("rest = 0".to_owned()),
        Edge::RestBeforeClose => parts.push("rest = 1".to_owned()),
        Edge::Wide(behind) => parts.push(format!("wide = {behind}")),
        Edge::Late(behind) => parts.push(format!("late = {behind}")),
    }
    if !part.names.is_empty() {
        parts.push(format!("names = {}", list(part.names.iter().map(|(value, name)| format!("[{value}] = {}", quoted(name.as_bytes()))))));
    }
    list(parts.into_iter())
}

fn test(test: &Test) -> String {
    let field = one_based(test.field);
    match &test.wanted {
        Wanted::OneOf(words) => format!("{{ field = {field}, any = {} }}", list(words.iter().map(|word| quoted(word)))),
        Wanted::Number(number) => format!("{{ field = {field}, number = {number} }}"),
        Wanted::Bytes { bytes, mask: None } => format!("{{ field = {field}, bytes = {} }}", quoted(bytes)),
        Wanted::Bytes { bytes, mask: Some(mask) } => format!("{{ field = {field}, bytes = {}, mask = {} }}", quoted(bytes), quoted(mask)),
    }
}
