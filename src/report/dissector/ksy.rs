//! A grammar as a Kaitai Struct: one direction of a stream, cut into messages, each told by its type.
//!
//! Kaitai reads what stands at a place its expressions compute, so every field is an instance. Delimiters of several bytes are looked for
//! byte by byte. All names are made here, with a prefix that no language knows as a word of its own; what the capture said appears as
//! lists of numbers, or in comments with all but letters taken out.

mod edges;
mod expression;
mod within;

use super::cut::Cut;
use super::cut::Ends;
use super::edges::Edge;
use super::plan::Place;
use super::plan::Plan;
use super::plan::Shape;
use super::quote::identifier;
use super::quote::remark;
use super::quote::yaml;
use super::within::Within;
use crate::grammar::LengthForm;
use expression::Scope;
use expression::Shown;
use expression::bytes_at;
use expression::condition;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use within::Ways;

/// Types asked for in one expression: long ones are deep, and their readers give up.
const ASKED_AT_ONCE: usize = 16;

/// Lines of a file, each indented by its depth.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, depth: usize, text: &str) {
        self.0.push_str(&"  ".repeat(depth));
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// An instance that is computed.
    fn value(&mut self, name: &str, expression: &str) {
        self.line(3, &format!("{name}:"));
        self.line(4, &format!("value: {}", yaml(expression)));
    }
}

/// The Kaitai Struct; says what it loses.
pub(super) fn ksy(plan: &Plan<'_>, lossy: &mut Vec<String>) -> String {
    let mut page = Page::default();
    page.line(0, "# Made by ntp-sniff from a protocol document.");
    page.line(0, "meta:");
    page.line(1, &format!("id: {}", plan.service));
    page.line(1, &format!("title: {}", yaml(&remark(&plan.description.id))));
    for line in ["endian: be", "encoding: UTF-8", "ks-version: \"0.11\""] {
        page.line(1, line);
    }
    page.line(0, "params:");
    page.line(1, "- id: from_server");
    page.line(1, "  type: bool");
    page.line(0, "seq:");
    for (side, test) in [("client", "not from_server"), ("server", "from_server")] {
        page.line(1, &format!("- id: {side}"));
        page.line(1, &format!("  type: {side}_message"));
        page.line(1, "  repeat: eos");
        page.line(1, &format!("  if: {test}"));
    }
    page.line(0, "types:");
    for (number, pattern) in plan.patterns.iter().enumerate() {
        scanner(&mut page, number, pattern);
    }
    everything(&mut page);
    let ways = within::ways(plan);
    within::types(&mut page, plan, &ways);
    if plan.fields.iter().any(|part| matches!(part.inside(), Some(Within::Tagged { .. }))) {
        lossy.push("what has a tag of chains and is none cannot be read".to_owned());
    }
    if plan.fields.iter().any(|part| part.inside() == Some(Within::Deltas)) {
        lossy.push("what should be links of half a tag and half a length and is none cannot be read".to_owned());
    }
    if plan.fields.iter().any(|part| part.inside() == Some(Within::Words)) {
        lossy.push("what is left of messages is not divided into numbers and texts".to_owned());
    }
    if plan.client.ends == Ends::Http || plan.server.ends == Ends::Http {
        lossy.push("messages of HTTP are not cut apart: how long a body is stands in words of its head".to_owned());
    }
    if !plan.codes().is_empty() {
        lossy.push("a status with a hyphen behind it is not divided from what follows".to_owned());
    }
    if plan.client.delimiters.len() > 1 || plan.server.delimiters.len() > 1 {
        lossy.push("lines are divided by the most frequent delimiter only".to_owned());
    }
    for (cut, server) in [(&plan.client, false), (&plan.server, true)] {
        message(&mut page, plan, cut, server);
        columns(&mut page, plan, cut, server);
        if plan.fields.iter().any(|part| !matches!(part.edge, Edge::Column | Edge::Rest)) {
            edges::line(&mut page, plan, cut, side(server));
        }
        body(&mut page, plan, server, lossy);
    }
    for index in 0..plan.types.len() {
        form(&mut page, plan, index, &ways);
    }
    enums(&mut page, plan);
    let lost: Vec<String> = lossy.iter().map(|lost| format!(" Lost: {}.", remark(lost))).collect();
    page.line(0, &format!("doc: {}", yaml(&format!("One direction of one stream, without gaps, or one datagram.{}", lost.concat()))));
    page.0
}

/// The name of what looks for these bytes.
fn scanner_of(plan: &Plan<'_>, bytes: &[u8]) -> String {
    let number = plan.patterns.binary_search_by(|pattern| pattern.as_slice().cmp(bytes)).unwrap_or_default();
    format!("until_{number}")
}

/// A type that reads to the end of a pattern, or of the stream.
fn scanner(page: &mut Page, number: usize, pattern: &[u8]) {
    let last = pattern.len().saturating_sub(1);
    let compare = |end: &str| {
        let byte = |(index, byte): (usize, &u8)| match last.saturating_sub(index) {
            0 => format!("scanned[{end}] == {byte}"),
            back => format!("scanned[{end} - {back}] == {byte}"),
        };
        pattern.iter().enumerate().map(byte).collect::<Vec<_>>().join(" and ")
    };
    page.line(1, &format!("until_{number}:"));
    for line in ["params:", "  - id: start", "    type: s4", "seq:", "  - id: scanned", "    type: u1", "    repeat: until"] {
        page.line(2, line);
    }
    // The index is one more in some languages than in others, the size of what was read is not.
    let ended = format!("_io.eof or (scanned.size > {last} and {})", compare("(scanned.size - 1)"));
    page.line(4, &format!("repeat-until: {}", yaml(&ended)));
    page.line(4, "if: start < _io.size");
    page.line(2, "instances:");
    page.value("count", "start < _io.size ? scanned.size : 0");
    page.value("found", &format!("count >= {} and {}", pattern.len(), compare("(count - 1)")));
    page.value("len", &format!("found ? count - {} : count", pattern.len()));
    page.line(3, "value:");
    page.line(4, "pos: start");
    page.line(4, "size: len");
}

fn side(server: bool) -> &'static str {
    if server { "server" } else { "client" }
}

/// A message of one side: how long it is, and its bytes.
fn message(page: &mut Page, plan: &Plan<'_>, cut: &Cut, server: bool) {
    let side = side(server);
    page.line(1, &format!("{side}_message:"));
    page.line(2, "seq:");
    page.line(3, "- id: body");
    if matches!(cut.ends, Ends::Packet | Ends::Http) {
        page.line(3, "  size-eos: true");
        page.line(3, &format!("  type: {side}_body(inside, 0)"));
        page.line(2, "instances:");
        page.value("inside", "_io.size");
        return;
    }
    page.line(3, "  size: extent");
    page.line(3, &format!("  type: {side}_body(inside, prompt)"));
    page.line(2, "instances:");
    let (whole, inside) = match &cut.ends {
        Ends::Terminator(bytes) => {
            page.line(3, "scan:");
            page.line(4, "pos: _io.pos");
            page.line(4, &format!("type: {}(_io.pos)", scanner_of(plan, bytes)));
            ("scan.count".to_owned(), "scan.len".to_owned())
        }
        Ends::Length { offset, size, form: None, little, addend } => {
            let number = bytes_at(page, "length_field", &format!("_io.pos + {offset}"), *size, *little);
            (format!("{number} + {addend}"), "extent".to_owned())
        }
        Ends::Length { offset, form: Some(LengthForm::Ber), addend, .. } => {
            (format!("{} + {addend}", ber(page, *offset)), "extent".to_owned())
        }
        Ends::Fixed(whole) => (whole.to_string(), "extent".to_owned()),
        Ends::Packet | Ends::Http => return,
    };
    let mut prompt = "0".to_owned();
    let mut asked = "0".to_owned();
    for (number, known) in cut.prompts.iter().enumerate().rev() {
        page.line(3, &format!("peek_{number}:"));
        page.line(4, "pos: _io.pos");
        page.line(4, &format!("size: {}", known.bytes.len()));
        page.value(
            &format!("is_{number}"),
            &format!(
                "_io.size - _io.pos >= {} and peek_{number} == {}",
                known.size.unwrap_or(u64::try_from(known.bytes.len()).unwrap_or(u64::MAX)),
                expression::literal(&known.bytes)
            ),
        );
        prompt = format!("(is_{number} ? {} : {prompt})", known.of.saturating_add(1));
        let whole_size = known.size.map_or_else(|| "(_io.size - _io.pos)".to_owned(), |size| size.to_string());
        asked = format!("(is_{number} ? {whole_size} : {asked})");
    }
    page.value("prompt", &prompt);
    page.value("extent", &format!("prompt != 0 ? {asked} : ({whole})"));
    page.value("inside", &format!("prompt != 0 ? extent : ({inside})"));
}

/// Reads a length as BER writes it; says the expression of it and of the bytes it has beyond its first.
fn ber(page: &mut Page, offset: u64) -> String {
    let first = bytes_at(page, "length_field", &format!("_io.pos + {offset}"), 1, false);
    let mut length = first.clone();
    for more in (1..=4).rev() {
        let number = bytes_at(page, &format!("length_{more}"), &format!("_io.pos + {}", offset.saturating_add(1)), more, false);
        length = format!("({first} == {} ? {number} + {more} : {length})", more.saturating_add(128));
    }
    length
}

/// The columns of a line.
fn columns(page: &mut Page, plan: &Plan<'_>, cut: &Cut, server: bool) {
    let most = plan.fields.iter().filter_map(|part| if let Place::Column(column) = part.place { Some(column) } else { None }).max();
    let most = most.unwrap_or(0).min(expression::COLUMNS);
    page.line(1, &format!("{}_columns:", side(server)));
    page.line(2, "seq:");
    let Some(delimiter) = cut.delimiters.first() else {
        page.line(3, "- id: c0");
        page.line(3, "  type: everything");
        for column in 1..=most {
            page.line(3, &format!("- id: c{column}"));
            page.line(3, "  type: everything");
        }
        return;
    };
    let scanner = scanner_of(plan, delimiter);
    for column in 0..=most {
        page.line(3, &format!("- id: c{column}"));
        page.line(3, &format!("  type: {scanner}(_io.pos)"));
    }
}

/// A type that reads all there is, as if it were a column.
fn everything(page: &mut Page) {
    page.line(1, "everything:");
    page.line(2, "seq:");
    page.line(3, "- id: value");
    page.line(3, "  size-eos: true");
    page.line(2, "instances:");
    page.value("start", "0");
    page.value("len", "value.length");
}

/// What a side's messages are: the conditions of its types, and the types.
fn body(page: &mut Page, plan: &Plan<'_>, server: bool, lossy: &mut Vec<String>) {
    let types = plan.types_of(server);
    page.line(1, &format!("{}_body:", side(server)));
    header(page);
    page.line(3, "- id: prompt");
    page.line(3, "  type: s4");
    page.line(2, "seq:");
    page.line(3, "- id: content");
    page.line(3, "  size-eos: true");
    if types.is_empty() {
        return;
    }
    page.line(3, "  type:");
    let asked = types.len().div_ceil(ASKED_AT_ONCE);
    page.line(5, &format!("switch-on: kind_{asked}"));
    page.line(5, "cases:");
    for (index, form) in &types {
        page.line(6, &format!("{}: m_{}(inside, {})", index.saturating_add(1), form.id, server));
    }
    let tested = types.iter().flat_map(|(_, form)| form.tests.iter().map(|test| test.field)).collect();
    let scope = Scope::new(plan, tested, is_blank(plan, server), None);
    page.line(2, "instances:");
    scope.instances(page, side(server));
    page.value("kind_0", "prompt");
    for (number, some) in types.chunks(ASKED_AT_ONCE).enumerate() {
        let mut kind = "0".to_owned();
        for (index, form) in some.iter().rev() {
            let conditions: Option<Vec<String>> = form.tests.iter().map(|test| condition(&scope, test)).collect();
            match conditions {
                Some(conditions) if conditions.is_empty() => kind = index.saturating_add(1).to_string(),
                Some(conditions) => kind = format!("({} ? {} : {kind})", conditions.join(" and "), index.saturating_add(1)),
                None => lossy.push(format!("type {} is not told: one of its conditions has no words here", remark(&form.message.id))),
            }
        }
        page.value(&format!("kind_{}", number.saturating_add(1)), &format!("kind_{number} != 0 ? kind_{number} : {kind}"));
    }
}

/// The parameter of all that is inside a message.
fn header(page: &mut Page) {
    page.line(2, "params:");
    page.line(3, "- id: inside");
    page.line(3, "  type: s4");
    page.line(3, "  doc: \"Bytes without the terminator.\"");
}

/// A message type with its fields.
fn form(page: &mut Page, plan: &Plan<'_>, index: usize, ways: &Ways<'_>) {
    let Some(form) = plan.types.get(index) else { return };
    page.line(1, &format!("m_{}:", form.id));
    let template = form.message.template.as_deref().unwrap_or(&form.message.name);
    page.line(2, &format!("doc: {}", yaml(&remark(&format!("{} {template}", form.message.id)))));
    header(page);
    page.line(3, "- id: from_server");
    page.line(3, "  type: bool");
    let fields: BTreeSet<usize> = (0..plan.header).chain(form.fields.iter().copied()).collect();
    if fields.is_empty() {
        return;
    }
    let server = form.message.direction.as_deref() == Some("server");
    page.line(2, "instances:");
    // As dissectors do, only where blanks divide lines does the last column go on.
    Scope::new(plan, fields, is_blank(plan, server), Some(Shown { ways })).instances(page, side(server));
}

/// Whether only blanks divide the lines of a side.
fn is_blank(plan: &Plan<'_>, server: bool) -> bool {
    let cut = if server { &plan.server } else { &plan.client };
    cut.delimiters.first().is_some_and(|delimiter| delimiter.trim_ascii().is_empty())
}

/// The names of numbers.
fn enums(page: &mut Page, plan: &Plan<'_>) {
    let having = plan.fields.iter().filter(|part| matches!(part.shape, Shape::Number { .. }) && !part.names.is_empty());
    let mut tables: BTreeMap<&str, Vec<(u32, String)>> = BTreeMap::new();
    for part in having {
        let mut taken = BTreeMap::new();
        let names = part.names.iter().map(|(value, name)| (*value, identifier(name, &mut taken)));
        tables.insert(&part.id, names.collect());
    }
    if tables.is_empty() {
        return;
    }
    page.line(0, "enums:");
    for (id, names) in tables {
        page.line(1, &format!("e_{id}:"));
        for (value, name) in names {
            page.line(2, &format!("{value}: v_{name}"));
        }
    }
}
