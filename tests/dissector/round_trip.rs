//! tshark, with the dissector made from a document, finds the document's own messages and tokens.

use crate::documents::Case;
use crate::documents::Said;
use crate::documents::datagrams;
use crate::documents::said;
use crate::documents::stream;
use crate::tools::compile;
use crate::tools::fields;
use crate::tools::folder;
use crate::tools::has;
use crate::tools::kaitai;
use ntp_sniff::grammar::Target;
use ntp_sniff::report::dissector::translate;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");

/// Verifies with the program itself: exit code, what it said, and the exports the document has then.
pub(crate) fn verified(case: &Case) -> (Option<i32>, String, Value) {
    let folder = folder();
    let document = folder.join("doc.json");
    fs::write(&document, serde_json::to_string_pretty(&case.document).unwrap()).unwrap();
    let output = Command::new(PROGRAM).arg("dissector").arg(&document).arg("--verify").arg(&case.capture).output().unwrap();
    let mut after: Value = serde_json::from_slice(&fs::read(&document).unwrap()).unwrap();
    let exports = after["protocols"][0]["grammar"]["exports"].take();
    after["protocols"][0]["grammar"].as_object_mut().unwrap().remove("exports");
    assert_eq!(after, case.document, "nothing else changed");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no other file is left");
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), exports)
}

/// Everything is found again, and the struct compiles.
fn is_the_same(case: &Case) {
    if has("tshark") {
        let (code, said, exports) = verified(case);
        let all = case.document["sessions"][0]["messages"].as_array().unwrap();
        let tokens: usize = all.iter().map(|message| message["tokens"].as_array().unwrap().len()).sum();
        let wanted = format!("ntp-sniff: round trip: {0} of {0} messages, {tokens} of {tokens} token ranges\n", all.len());
        assert_eq!((code, said), (Some(0), wanted));
        assert_eq!(exports[0]["target"], "wireshark-lua");
        assert_eq!(exports[0]["verified"], "round_trip");
        assert_eq!(exports[0]["messages_covered"], 1.0);
    }
    if let Some(modules) = kaitai() {
        let file = folder().join("x.ksy");
        fs::write(&file, translate(&case.description(), &BTreeSet::new(), Target::Kaitai).text).unwrap();
        for language in ["python", "javascript", "java"] {
            assert_eq!(compile(&modules, language, std::slice::from_ref(&file)), "");
        }
    }
}

/// The bytes of a text in hex.
fn hex(text: &str) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Lines with columns, and prompts that have no end: a dialogue like that of NTP.
pub(crate) fn lines() -> (Value, Vec<Said>) {
    let column = |id: &str, name: &str, kind: &str, role: &str, column: u64| json!({ "id": id, "name": name, "role": role, "kind": kind, "location": { "column": column } });
    let prompt = |id: &str, text: &str, size: u64| {
        let field = json!({ "id": format!("f{id}.1"), "name": "prompt", "role": "keyword", "kind": "prompt", "location": { "offset": 0, "size": size } });
        json!({
            "id": format!("mt{id}"), "name": format!("prompt {text}"), "direction": "server", "count": 1, "sessions": 1, "length": { "min": size, "max": size },
            "match": [{ "field": format!("f{id}.1"), "equals": hex(text) }], "fields": [field],
        })
    };
    let grammar = json!({
        "framing": { "kind": "terminator", "terminator": "0a", "exceptions": ["mt2", "mt3"] },
        "delimiters": [
            { "hex": "203c7c3e20", "text": " <|> ", "count": 9, "support": 1, "level": "field" },
            { "hex": "3b", "text": ";", "count": 3, "support": 0.1, "level": "list" },
        ],
        "message_types": [
            { "id": "mt1", "name": "version", "count": 2, "sessions": 1, "length": { "min": 12, "max": 12 },
              "match": [{ "field": "f1.1", "equals": "3c204e54502f312e32203e" }], "fields": [column("f1.1", "version", "version", "keyword", 0)] },
            prompt("2", "User : ", 7),
            prompt("3", "Password : ", 11),
            { "id": "mt4", "name": "server", "direction": "server", "count": 2, "sessions": 1, "length": { "min": 12, "max": 99 },
              "match": [{ "field": "f4.1", "equals": "534552564552" }],
              "fields": [column("f4.1", "marker", "marker", "keyword", 0), column("f4.2", "command", "command", "keyword", 1), column("f4.3", "host", "string", "data", 2)] },
            { "id": "mt5", "name": "server_bye", "direction": "server", "count": 2, "sessions": 1, "length": { "min": 12, "max": 99 },
              "match": [{ "field": "f5.1", "equals": "534552564552" }, { "field": "f5.2", "equals": "425945" }],
              "fields": [column("f5.1", "marker", "marker", "keyword", 0), column("f5.2", "command", "command", "keyword", 1)] },
            { "id": "mt6", "name": "answer", "direction": "client", "count": 2, "sessions": 1, "length": { "min": 1, "max": 99 },
              "fields": [{ "id": "f6.1", "name": "text", "role": "data", "kind": "string", "location": { "to_end": true } }] },
        ],
    });
    let messages = vec![
        said('C', "mt1", &[("< NTP/1.2 >", "version f1.1"), ("\n", "terminator")]),
        said('S', "mt1", &[("< NTP/1.2 >", "version f1.1"), ("\n", "terminator")]),
        said('S', "mt2", &[("User : ", "prompt f2.1")]),
        said('C', "mt6", &[("j\u{e9}r\u{f4}me \u{1f600}", "string f6.1"), ("\n", "terminator")]),
        said('S', "mt3", &[("Password : ", "prompt f3.1")]),
        said('C', "mt6", &[("\"]]..os.execute(\"id\")--", "string f6.1"), ("\n", "terminator")]),
        said(
            'S',
            "mt4",
            &[
                ("SERVER", "marker f4.1"),
                (" <|> ", "delimiter"),
                ("PORT", "command f4.2"),
                (" <|> ", "delimiter"),
                ("a;b", "string f4.3"),
                ("\n", "terminator"),
            ],
        ),
        said(
            'S',
            "mt4",
            &[
                ("SERVER", "marker f4.1"),
                (" <|> ", "delimiter"),
                ("", "command f4.2"),
                (" <|> ", "delimiter"),
                ("x", "string f4.3"),
                (" <|> ", "delimiter"),
                ("y;z", "opaque"),
                (" <|>", "delimiter"),
                ("\n", "terminator"),
            ],
        ),
        said('S', "mt5", &[("SERVER", "marker f5.1"), (" <|> ", "delimiter"), ("BYE", "command f5.2"), ("\n", "terminator")]),
        said('C', "mt6", &[("\n", "terminator")]),
    ];
    (grammar, messages)
}

#[test]
fn lines_and_prompts_however_they_are_cut() {
    let (grammar, messages) = lines();
    for cuts in [&[1460][..], &[1], &[3, 7, 1, 20]] {
        is_the_same(&stream(&grammar, "text", &messages, cuts));
    }
}

#[test]
fn a_field_of_which_a_part_is_hidden_is_one_field() {
    if !has("tshark") {
        return;
    }
    let (grammar, messages) = lines();
    let mut case = stream(&grammar, "text", &messages, &[1460]);
    let tokens = case.document["sessions"][0]["messages"][3]["tokens"].as_array_mut().unwrap();
    let mut hidden = tokens[0].clone();
    (tokens[0]["end"], hidden["start"]) = (3.into(), 3.into());
    hidden["redacted"] = true.into();
    tokens.insert(1, hidden);
    assert_eq!(verified(&case).0, Some(0), "{}", verified(&case).1);
    // Two tokens of which nothing tells why they are two are two.
    case.document["sessions"][0]["messages"][3]["tokens"][1]["redacted"] = false.into();
    let (code, said, _) = verified(&case);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("m1.4 in frame") && said.contains("string at 0 to 3"), "{said}");
}

#[test]
fn columns_and_roles_can_be_filtered_for() {
    if !has("tshark") {
        return;
    }
    let (grammar, messages) = lines();
    let case = stream(&grammar, "text", &messages, &[1460]);
    let script = folder().join("x.lua");
    fs::write(&script, translate(&case.description(), &BTreeSet::new(), Target::WiresharkLua).text).unwrap();
    let shown = fields(
        &script,
        &case.capture,
        "ntps.unknown_9999.f5_2",
        &["ntps.unknown_9999.message", "ntps.unknown_9999.f5_2", "ntps.unknown_9999.from"],
    );
    assert_eq!(shown, ["server,server,server_bye|BYE|server,server,server"]);
    let shown =
        fields(&script, &case.capture, "ntps.unknown_9999.keyword == \"PORT\"", &["ntps.unknown_9999.keyword", "ntps.unknown_9999.data"]);
    assert_eq!(shown, ["SERVER,PORT,SERVER,SERVER,BYE|a;b,x"]);
    let shown = fields(&script, &case.capture, "ntps.unknown_9999.message == \"answer\"", &["ntps.unknown_9999.f6_1"]);
    assert_eq!(shown, ["j\u{e9}r\u{f4}me \u{1f600}", "\"]]..os.execute(\"id\")--", ""]);
}

/// Two bytes of magic, a type, four bits twice, a length of what follows, a counted name, a little-endian number, and the rest.
fn binary() -> (Value, Vec<Said>) {
    let field = |id: &str, kind: &str, location: Value| json!({ "id": id, "name": id.replace('.', "_"), "role": "data", "kind": kind, "location": location });
    let mut number = field("f7.3", "integer", json!({ "after": "f7.2", "size": 4, "to_end": false }));
    number["byte_order"] = "little".into();
    let mut kind = field("f2", "type_code", json!({ "offset": 2, "size": 1 }));
    kind["values"] = json!([{ "value": 7, "count": 2 }, { "value": 8, "count": 1 }]);
    let grammar = json!({
        "framing": { "kind": "length_prefix", "length_field": { "offset": 4, "size": 2 }, "byte_order": "big", "length_addend": 6 },
        "header_fields": [
            field("f1", "framing_magic", json!({ "offset": 0, "size": 2 })), kind, field("f3", "flags", json!({ "offset_bits": 24, "size_bits": 4 })),
            field("f4", "integer", json!({ "offset_bits": 28, "size_bits": 4 })), field("f5", "length", json!({ "offset": 4, "size": 2 })),
        ],
        "message_types": [
            { "id": "mt7", "name": "named", "count": 2, "sessions": 1, "length": { "min": 12, "max": 99 },
              "match": [{ "field": "f2", "equals": 7 }, { "field": "f3", "equals": 5 }],
              "fields": [field("f7.1", "length", json!({ "after": "f5", "size": 1 })), field("f7.2", "string", json!({ "after": "f7.1", "size_from": "f7.1" })),
                         number, field("f7.4", "opaque", json!({ "after": "f7.3", "to_end": true }))] },
            { "id": "mt8", "name": "texts", "count": 2, "sessions": 1, "length": { "min": 12, "max": 99 }, "match": [{ "field": "f2", "equals": 8, "mask": 0x0f }],
              "fields": [field("f8.1", "string", json!({ "after": "f5", "until": "00ff" })), field("f8.2", "address", json!({ "after": "f8.1", "size": 4 }))] },
        ],
        "relations": [{ "kind": "selects_type", "from": "f2", "support": 1, "violations": 0, "statement": "" }],
    });
    let head = |kind: u8, bits: u8, size: u16| {
        let part = |bytes: &[u8], part: &'static str| (bytes.to_vec(), part);
        vec![
            part(&[0xca, 0xfe], "framing_magic f1"),
            part(&[kind], "type_code f2"),
            part(&[bits], "flags"),
            part(&size.to_be_bytes(), "length f5"),
        ]
    };
    let message = |from: char, kind: &'static str, head: Vec<(Vec<u8>, &'static str)>, rest: &[(&[u8], &'static str)]| {
        let mut message = said(from, kind, &[]);
        message.2 = head.into_iter().chain(rest.iter().map(|(bytes, part)| (bytes.to_vec(), *part))).collect();
        message
    };
    let messages = vec![
        message(
            'C',
            "mt7",
            head(7, 0x5a, 13),
            &[(&[4], "length f7.1"), (b"name", "string f7.2"), (&[1, 0, 0, 0], "integer f7.3"), (b"rest", "opaque f7.4")],
        ),
        message('C', "mt7", head(7, 0x51, 5), &[(&[0], "length f7.1"), (&[0xff; 4], "integer f7.3")]),
        message('S', "mt8", head(0x18, 0, 9), &[(b"abc", "string f8.1"), (&[0, 0xff], "opaque"), (&[10, 0, 0, 2], "address f8.2")]),
        message('S', "mt9", head(1, 0, 0), &[]),
        message('S', "mt9", head(1, 0, 3), &[(b"???", "opaque")]),
        message('C', "mt8", head(8, 0, 2000), &[(&[b'x'; 1994], "string f8.1"), (&[0, 0xff], "opaque"), (&[10, 0, 0, 2], "address f8.2")]),
    ];
    (grammar, messages)
}

#[test]
fn lengths_bits_and_what_stands_behind_variable_parts() {
    let (grammar, messages) = binary();
    for cuts in [&[1460][..], &[1], &[5, 700, 3]] {
        is_the_same(&stream(&grammar, "binary", &messages, cuts));
    }
    // A document that says something else.
    let mut case = stream(&grammar, "binary", &messages, &[1460]);
    let tokens = &mut case.document["sessions"][0]["messages"][0]["tokens"];
    tokens[5]["end"] = 10.into();
    tokens[6]["start"] = 10.into();
    if has("tshark") {
        let (code, said, exports) = verified(&case);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with("ntp-sniff: not verified: 6 of 6 messages, 35 of 37 token ranges\n"), "{said}");
        assert!(said.contains("m1.1 in frame 4: string at 7 to 10"), "{said}");
        assert_eq!(exports[0]["verified"], "not_verified");
        assert_eq!(exports[0]["tokens_covered"], 0.9459);
    }
}

#[test]
fn lengths_of_ber() {
    let chain = json!({ "form": "tagged", "length_size": 1, "byte_order": "big", "whole": false });
    let field = json!({ "id": "f1", "name": "chain", "role": "data", "kind": "tlv", "location": { "to_end": true }, "inside": chain });
    let grammar = json!({
        "framing": { "kind": "length_prefix", "length_field": { "offset": 1, "size": 1 }, "length_form": "ber", "byte_order": "big", "length_addend": 2 },
        "header_fields": [field],
        "message_types": [{ "id": "mt1", "name": "all", "count": 2, "sessions": 1, "length": { "min": 2, "max": 99 } }],
    });
    let message = |from: char, length: &[u8], size: usize| {
        let mut message = said(from, "mt1", &[]);
        let parts = [
            (vec![0x30], "type_code f1"),
            (length[..1].to_vec(), "length f1"),
            (length[1..].to_vec(), "length f1"),
            (vec![9; size], "integer f1"),
        ];
        message.2 = parts.into_iter().filter(|(bytes, _)| !bytes.is_empty()).collect();
        message
    };
    let messages = [
        message('C', &[5], 5),
        message('C', &[0x81, 200], 200),
        message('C', &[127], 127),
        message('S', &[0x82, 1, 1], 257),
        message('S', &[0x83, 0, 0, 3], 3),
        message('S', &[0x84, 0, 0, 7, 0xd0], 2000),
        message('C', &[1], 1),
    ];
    for cuts in [&[1460][..], &[1], &[5, 700, 3]] {
        is_the_same(&stream(&grammar, "binary", &messages, cuts));
    }
}

#[test]
fn links_of_half_a_byte_behind_a_part_that_bits_size() {
    let field = |id: &str, kind: &str, location: Value| json!({ "id": id, "name": id, "role": "data", "kind": kind, "location": location });
    let mut chain = field("f4", "tlv", json!({ "after": "f3", "to_end": true }));
    chain["inside"] = json!({ "form": "deltas" });
    let size = field("f2", "length", json!({ "offset_bits": 4, "size_bits": 4 }));
    let token = field("f3", "echo", json!({ "after": "f1", "size_from": "f2" }));
    let grammar = json!({
        "framing": { "kind": "datagram" },
        "header_fields": [field("f1", "enum", json!({ "offset": 0, "size": 1 })), size, token, chain],
        "message_types": [{ "id": "mt1", "name": "all", "count": 2, "sessions": 1, "length": { "min": 2, "max": 99 } }],
    });
    let message = |from: char, parts: &[(&[u8], &'static str)]| {
        let mut message = said(from, "mt1", &[]);
        message.2 = parts.iter().map(|(bytes, part)| (bytes.to_vec(), *part)).collect();
        message
    };
    let (tag, long, number) = ("type_code f4", "length f4", "integer f4");
    let messages = [
        message(
            'C',
            &[
                (&[0x41], "enum f1"),
                (b"x", "echo f3"),
                (&[0xb4], tag),
                (b"time", "string f4"),
                (&[0x60], tag),
                (&[0xff], "delimiter f4"),
                (b"all", "string f4"),
            ],
        ),
        message('S', &[(&[0x62], "enum f1"), (b"\0y", "echo f3"), (&[0xdd], tag), (&[3], tag), (&[2], long), (&[7; 15], number)]),
        message(
            'C',
            &[(&[0x40], "enum f1"), (&[0xee], tag), (&[1, 2], tag), (&[0, 1], long), (&[8; 270], number), (&[0x01], tag), (&[9], number)],
        ),
        message('C', &[(&[0x40], "enum f1"), (&[0xff], "delimiter f4"), (b"rest", "string f4")]),
        message('S', &[(&[0x43], "enum f1"), (b"abc", "echo f3")]),
        message('S', &[(&[0x41], "enum f1"), (b"a", "echo f3"), (&[0xf1, 1, 2], "opaque")]),
        message('C', &[(&[0x4f], "enum f1"), (b"too short", "opaque")]),
    ];
    is_the_same(&datagrams(&grammar, "binary", &messages));
}

#[test]
fn numbers_have_names() {
    if !has("tshark") {
        return;
    }
    let (grammar, messages) = binary();
    let case = stream(&grammar, "binary", &messages, &[1460]);
    let script = folder().join("x.lua");
    fs::write(&script, translate(&case.description(), &BTreeSet::new(), Target::WiresharkLua).text).unwrap();
    let shown = fields(
        &script,
        &case.capture,
        "ntps.unknown_9999.f7_2 == \"name\"",
        &["ntps.unknown_9999.f2", "ntps.unknown_9999.f3", "ntps.unknown_9999.f4", "ntps.unknown_9999.f7_3"],
    );
    assert_eq!(shown, ["7,7|5,5|10,1|1,4294967295"]);
    assert!(fs::read_to_string(&script).unwrap().contains("[7] = \"named\""));
}

#[test]
fn datagrams_and_fixed_sizes() {
    let field = |id: &str, kind: &str, offset: u64, size: u64| json!({ "id": id, "name": "n", "role": "data", "kind": kind, "location": { "offset": offset, "size": size } });
    let mut eight = field("f2", "timestamp", 1, 8);
    eight["byte_order"] = "little".into();
    let mut grammar = json!({
        "framing": { "kind": "datagram" }, "header_fields": [field("f1", "type_code", 0, 1), eight],
        "message_types": [{ "id": "mt1", "name": "ask", "count": 2, "sessions": 1, "length": { "min": 12, "max": 12 }, "match": [{ "field": "f2", "equals": 0x0807_0605_0403_0201_i64 }],
            "fields": [field("f1.1", "integer", 9, 3)] }],
    });
    let mut known = said('C', "mt1", &[]);
    known.2 = vec![(vec![1], "type_code f1"), ((1..9).collect(), "timestamp f2"), (vec![9; 3], "integer f1.1")];
    let mut other = said('S', "mt1", &[]);
    other.2 = vec![(vec![1], "type_code f1"), (vec![7; 8], "timestamp f2"), (vec![9; 3], "opaque")];
    let messages = [known.clone(), other, known];
    is_the_same(&datagrams(&grammar, "binary", &messages));
    grammar["framing"] = json!({ "kind": "fixed", "size": 12 });
    is_the_same(&stream(&grammar, "binary", &messages, &[5, 19]));
}
