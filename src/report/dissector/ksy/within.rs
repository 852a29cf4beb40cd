//! Fields that divide again, as types of a Kaitai Struct: names of labels, texts, chains of tag, length and value.

use super::Page;
use super::scanner_of;
use crate::grammar::Inside;
use crate::report::dissector::plan::Part;
use crate::report::dissector::plan::Plan;
use crate::report::dissector::quote::yaml;
use crate::report::dissector::within::Within;
use std::collections::BTreeMap;

/// What reads a name.
pub(super) const NAME: &str = "name_of_labels";

/// All ways in which fields divide again, each with the number of its type.
pub(super) type Ways<'p> = BTreeMap<Within<'p>, usize>;

/// Numbers the ways in the order in which fields have them.
pub(super) fn ways<'p>(plan: &'p Plan<'_>) -> Ways<'p> {
    let mut ways = Ways::new();
    for way in plan.fields.iter().filter_map(Part::inside) {
        let next = ways.len();
        ways.entry(way).or_insert(next);
    }
    ways
}

/// The type that reads what a field is made of; names are read as they are.
pub(super) fn reader(ways: &Ways<'_>, part: &Part<'_>) -> Option<String> {
    let way = part.inside().filter(|way| !matches!(way, Within::Labels | Within::Words))?;
    let number = ways.get(&way)?;
    Some(match way {
        Within::Tagged { .. } => format!("chain_{number}({})", Inside::DEPTH),
        Within::Deltas => format!("deltas_{number}"),
        _ => format!("texts_{number}"),
    })
}

/// The types of all ways.
pub(super) fn types(page: &mut Page, plan: &Plan<'_>, ways: &Ways<'_>) {
    let mut ordered: Vec<(usize, &Within<'_>)> = ways.iter().map(|(way, number)| (*number, way)).collect();
    ordered.sort_by_key(|(number, _)| *number);
    for (number, way) in ordered {
        match way {
            Within::Labels => name(page),
            // Which numbers are lengths, their own letters say only.
            Within::Words => {}
            Within::Texts(until) => {
                page.line(1, &format!("texts_{number}:"));
                for line in ["seq:", "  - id: texts", "    repeat: eos"] {
                    page.line(2, line);
                }
                page.line(4, &format!("type: {}(_io.pos)", scanner_of(plan, until)));
            }
            Within::Deltas => deltas(page, number),
            Within::Tagged { tag, aligned, size, little, whole, nested } => {
                page.line(1, &format!("chain_{number}:"));
                depth(page);
                for line in ["seq:", "  - id: links", "    repeat: eos"] {
                    page.line(2, line);
                }
                page.line(4, &format!("type: link_{number}(depth)"));
                page.line(1, &format!("link_{number}:"));
                depth(page);
                link(page, number, (*tag, *aligned), (*size, *little, *whole), nested);
            }
        }
    }
}

fn depth(page: &mut Page) {
    for line in ["params:", "  - id: depth", "    type: s4"] {
        page.line(2, line);
    }
}

/// A name, whose end is where its last label is.
fn name(page: &mut Page) {
    page.line(1, &format!("{NAME}:"));
    for line in ["seq:", "  - id: labels", "    type: label", "    repeat: until"] {
        page.line(2, line);
    }
    page.line(4, "repeat-until: \"_io.eof or _.label_len == 0 or _.label_len >= 64\"");
    page.line(4, "if: _io.size > 0");
    page.line(2, "instances:");
    page.value("len", "_io.pos");
    page.line(1, "label:");
    for line in ["seq:", "  - id: label_len", "    type: u1", "  - id: pointer", "    type: u1"] {
        page.line(2, line);
    }
    page.line(4, "if: label_len >= 192 and not _io.eof");
    page.line(3, "- id: letters");
    page.line(4, "size: \"label_len < _io.size - _io.pos ? label_len : _io.size - _io.pos\"");
    page.line(4, "if: label_len < 64");
}

/// Links of half a tag and half a length. Behind the byte that is no link all is its value.
fn deltas(page: &mut Page, number: usize) {
    page.line(1, &format!("deltas_{number}:"));
    for line in ["seq:", "  - id: links", "    repeat: eos"] {
        page.line(2, line);
    }
    page.line(4, &format!("type: delta_{number}"));
    page.line(1, &format!("delta_{number}:"));
    page.line(2, "seq:");
    page.line(3, "- id: link_head");
    page.line(4, "type: u1");
    for (id, kind, when) in [
        ("tag_1", "u1", "tag_half == 13"),
        ("tag_2", "u2be", "tag_half == 14"),
        ("len_1", "u1", "len_half == 13"),
        ("len_2", "u2be", "len_half == 14"),
    ] {
        page.line(3, &format!("- id: link_{id}"));
        page.line(4, &format!("type: {kind}"));
        page.line(4, &format!("if: {when}"));
    }
    page.line(3, "- id: link_value");
    page.line(4, "size: \"link_head == 255 ? _io.size - _io.pos : link_len\"");
    page.line(2, "instances:");
    page.value("tag_half", "link_head >> 4");
    page.value("len_half", "link_head & 15");
    page.value("link_tag", "tag_half == 13 ? link_tag_1 + 13 : (tag_half == 14 ? link_tag_2 + 269 : tag_half)");
    page.value("link_len", "len_half == 13 ? link_len_1 + 13 : (len_half == 14 ? link_len_2 + 269 : len_half)");
}

/// A tag, its length and its value.
fn link(page: &mut Page, number: usize, (tag, aligned): (u64, u64), (size, little, whole): (u64, bool, bool), nested: &[u8]) {
    let order = if little { "le" } else { "be" };
    let of_length = match size {
        1 => "u1".to_owned(),
        2 | 4 => format!("u{size}{order}"),
        _ => format!("b{}{}", size.saturating_mul(8), if little { "le" } else { "" }),
    };
    let long = size == 1 && !whole && tag == 1;
    page.line(2, "seq:");
    let item = |page: &mut Page, id: &str, kind: &str, when: &str| {
        page.line(3, &format!("- id: {id}"));
        page.line(4, &format!("type: {kind}"));
        if !when.is_empty() {
            page.line(4, &format!("if: {}", yaml(when)));
        }
    };
    item(page, "link_tag", if tag == 1 { "u1" } else { "u2be" }, "");
    item(page, "link_len", &of_length, "not bare");
    if long {
        item(page, "link_len_1", "u1", "not bare and link_len == 129");
        item(page, "link_len_2", &format!("u2{order}"), "not bare and link_len == 130");
        item(page, "link_len_3", &format!("b24{order}"), "not bare and link_len == 131");
        item(page, "link_len_4", &format!("u4{order}"), "not bare and link_len == 132");
    }
    page.line(3, "- id: link_value");
    page.line(4, "size: inside");
    page.line(4, "if: not bare");
    if !nested.is_empty() {
        page.line(4, "type:");
        page.line(5, "switch-on: nested");
        page.line(5, "cases:");
        page.line(6, &format!("1: chain_{number}(depth - 1)"));
    }
    if aligned > 1 {
        page.line(3, "- id: link_fill");
        page.line(4, "size: \"fill < _io.size - _io.pos ? fill : _io.size - _io.pos\"");
        page.line(4, "if: not bare");
    }
    page.line(2, "instances:");
    page.value("bare", if whole || tag > 1 { "false" } else { "link_tag == 0 or link_tag == 255" });
    let length = if long {
        "(link_len == 129 ? link_len_1 : (link_len == 130 ? link_len_2 : (link_len == 131 ? link_len_3 : (link_len == 132 ? link_len_4 : link_len))))"
    } else {
        "link_len"
    };
    let inside = if whole { format!("{length} - {}", size.saturating_add(tag)) } else { length.to_owned() };
    if aligned > 1 {
        let head = size.saturating_add(tag);
        page.value("fill", &format!("({aligned} - (inside + {head}) % {aligned}) % {aligned}"));
    }
    page.value("inside", &format!("{inside} < 0 ? 0 : {inside}"));
    let tags: Vec<String> = nested.iter().filter(|_| tag == 1).map(|tag| format!("link_tag == {tag}")).collect();
    if !tags.is_empty() {
        page.value("nested", &format!("depth > 0 and ({}) ? 1 : 0", tags.join(" or ")));
    }
}
