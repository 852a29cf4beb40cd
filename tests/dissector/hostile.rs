//! Whatever a document says, what is made of it is accepted by the target's own reader, and nothing else is run.

use crate::arbitrary::description;
use crate::documents::said;
use crate::documents::stream;
use crate::round_trip::lines;
use crate::tools::compile;
use crate::tools::draw;
use crate::tools::folder;
use crate::tools::has;
use crate::tools::kaitai;
use crate::tools::load;
use ntp_sniff::annotation::Role;
use ntp_sniff::grammar::*;
use ntp_sniff::report::dissector::filter;
use ntp_sniff::report::dissector::translate;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Descriptions tried at once: each program starts once.
const TRIED: usize = 120;

/// Descriptions of any content, each with an id of its own.
fn descriptions() -> Vec<Description> {
    let mut runner = TestRunner::new(Config::default());
    let some = (0..TRIED).map(|number| {
        let mut some = description().new_tree(&mut runner).unwrap().current();
        some.id = format!("{number}_{}", some.id);
        some
    });
    some.collect()
}

/// Writes a translation of each.
fn written(folder: &Path, descriptions: &[Description], target: Target, extension: &str) -> Vec<PathBuf> {
    let write = |(number, some): (usize, &Description)| {
        let path = folder.join(format!("{number}.{extension}"));
        fs::write(&path, translate(some, &BTreeSet::new(), target).text).unwrap();
        path
    };
    descriptions.iter().enumerate().map(write).collect()
}

#[test]
fn tshark_loads_any_dissector_and_dissects_with_it() {
    if !has("tshark") {
        return;
    }
    let mut descriptions = descriptions();
    let (grammar, messages) = lines();
    let capture = stream(&grammar, "text", &messages, &[3, 9]).capture;
    for (number, some) in descriptions.iter_mut().enumerate() {
        // Whatever comes is read by each of them in turn.
        some.server_ports = vec![u16::try_from(20_000 + number).unwrap()];
        some.transport = "tcp".to_owned();
    }
    let scripts = written(&folder(), &descriptions, Target::WiresharkLua, "lua");
    let (names, complaints) = load(&scripts);
    assert_eq!(complaints, "");
    for some in &descriptions {
        assert!(names.contains(&filter(some)), "{} is missing", filter(some));
    }
    for (some, script) in descriptions.iter().zip(&scripts).take(40) {
        let mut tshark = Command::new("tshark");
        tshark.arg("-X").arg(format!("lua_script:{}", script.display())).args(["-V", "-n", "-r"]).arg(&capture);
        let output = tshark.args(["-d", &format!("tcp.port==9999,{}", filter(some))]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {text}", script.display());
        assert!(!text.contains("Lua Error"), "{}: {}", script.display(), text.lines().find(|line| line.contains("Lua Error")).unwrap());
    }
}

#[test]
fn kaitai_compiles_any_struct() {
    let Some(modules) = kaitai() else { return };
    let files = written(&folder(), &descriptions(), Target::Kaitai, "ksy");
    assert_eq!(compile(&modules, "python", &files), "");
    assert_eq!(compile(&modules, "javascript", &files), "");
}

#[test]
fn graphviz_draws_any_machine() {
    if !has("dot") {
        return;
    }
    let files = written(&folder(), &descriptions(), Target::Graphviz, "dot");
    assert_eq!(draw(&files), "");
}

/// Lines of a Lua text without its quoted strings.
fn outside_of_strings(text: &str) -> String {
    let mut outside = String::new();
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '"' => inside = !inside,
            '\n' => assert!(!inside, "a string goes over a line: {text}"),
            _ => {}
        }
        if !inside && letter != '"' {
            outside.push(letter);
        }
    }
    outside
}

proptest! {
    #[test]
    fn the_table_holds_names_numbers_and_strings_only(some in description()) {
        let text = translate(&some, &BTreeSet::new(), Target::WiresharkLua).text;
        let table = text.split("-- How the table above is read.").next().unwrap();
        let (_, table) = table.split_once("local spec =").unwrap();
        for word in outside_of_strings(table).split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            let known = [
                "", "name", "title", "short", "transport", "text", "most", "ports", "delimiters", "header", "client", "server", "fields", "types", "terminator",
                "length", "offset", "size", "little", "addend", "fixed", "delimiter", "prompts", "bytes", "type", "id", "role", "form", "place", "column", "after",
                "size_from", "to_end", "names", "tests", "field", "number", "mask", "any", "columns", "known", "words", "closes", "rest", "counted", "lines", "true", "false",
                "servers", "tail", "depth", "links", "codes", "labels", "texts", "openings", "between", "wide", "late", "chain", "whole", "nested", "ber", "deltas", "tag", "aligned", "numbers", "keeps", "http",
            ];
            prop_assert!(known.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit()), "{}", word);
        }
        prop_assert!(table.is_ascii());
    }

    #[test]
    fn structs_are_ascii_and_texts_stay_in_their_quotes(some in description()) {
        let text = translate(&some, &BTreeSet::new(), Target::Kaitai).text;
        prop_assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
        for line in text.lines() {
            let plain = line.trim_start().trim_start_matches("- ");
            let (key, rest) = plain.split_once(':').unwrap_or((plain, ""));
            prop_assert!(key.starts_with("# Made by") || key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'), "{}", line);
            prop_assert!(!rest.contains(['#', '!', '*', '`']) || rest.starts_with(" \""), "{}", line);
        }
    }

    #[test]
    fn pictures_show_no_text_that_hides_or_turns_others(some in description()) {
        let text = translate(&some, &BTreeSet::new(), Target::Graphviz).text;
        let acts = |letter: char| letter != '\n' && (letter.is_control() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
        prop_assert!(!text.contains(acts), "{:?}", text);
    }

    #[test]
    fn what_is_lost_is_said_in_harmless_letters(some in description()) {
        for target in [Target::WiresharkLua, Target::Kaitai, Target::Graphviz] {
            for said in translate(&some, &BTreeSet::new(), target).export.lossy {
                prop_assert!(said.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{:?}", said);
            }
        }
    }

    #[test]
    fn translations_are_the_same_each_time(some in description()) {
        for target in [Target::WiresharkLua, Target::Kaitai, Target::Graphviz] {
            prop_assert_eq!(translate(&some, &BTreeSet::new(), target).text, translate(&some, &BTreeSet::new(), target).text);
        }
    }
}

#[test]
fn a_line_of_digits_costs_no_more_than_its_length() {
    if !has("tshark") {
        return;
    }
    let (grammar, _) = lines();
    let line = format!("{}x\n", "1".repeat(300_000));
    let case = stream(&grammar, "text", &[said('C', "mt1", &[(&line, "string")])], &[30_000]);
    let script = folder().join("x.lua");
    fs::write(&script, translate(&case.description(), &BTreeSet::new(), Target::WiresharkLua).text).unwrap();
    let begun = std::time::Instant::now();
    let mut tshark = Command::new("timeout");
    tshark.args(["60", "tshark", "-X"]).arg(format!("lua_script:{}", script.display())).args(["-V", "-n", "-r"]).arg(&case.capture);
    let output = tshark.output().unwrap();
    assert!(output.status.success() && begun.elapsed().as_secs() < 60, "{:?}: {:?}", begun.elapsed(), output.status);
    assert!(String::from_utf8_lossy(&output.stdout).contains("(ntp-sniff)"));
}

/// A description whose lists are as long as a document can make them.
fn endless() -> Description {
    let value = |value: Scalar| ValueCount { value, count: 1 };
    let field = |id: String, inside: Option<Inside>, location: Location, values: Vec<ValueCount>| Field {
        id,
        name: "x".to_owned(),
        role: Role::Keyword,
        kind: Kind::Tlv,
        location,
        inside,
        byte_order: None,
        values,
        range: None,
        optional: false,
        confidence: Share::ALL,
        evidence: Vec::new(),
    };
    let to_end = || Location::After { after: None, size: None, size_from: None, until: None, to_end: true };
    let kind = |number: usize| {
        // Every field ends its texts in a way of its own.
        let own = (0..100).map(|place| {
            let until = format!("{:08x}", number * 100 + place);
            field(format!("f{number}.{place}"), Some(Inside::Texts { until }), to_end(), Vec::new())
        });
        MessageType {
            id: format!("mt{number}"),
            name: format!("n{number}"),
            direction: None,
            count: 1,
            sessions: 1,
            template: None,
            matches: vec![Match { field: "f1".to_owned(), equals: Scalar::Number(1), mask: None }; 500],
            length: MessageLength::default(),
            fields: own.collect(),
            examples: Vec::new(),
            confidence: Share::ALL,
            evidence: Vec::new(),
            sentence: None,
        }
    };
    let relation = |number: usize| Relation {
        kind: RelationKind::SelectsType,
        from: format!("x{number}"),
        to: Vec::new(),
        addend: None,
        algorithm: None,
        support: 1,
        violations: 0,
        statement: String::new(),
    };
    // Nearly the same as a long delimiter, at every place.
    let word = value(Scalar::Text("a".repeat(200_000)));
    let delimiter = BytePattern {
        hex: format!("{}62", "61".repeat(100_000)),
        text: String::new(),
        count: 1,
        support: Share::ALL,
        level: Level::Field,
        direction: None,
    };
    let grammar = Grammar {
        header_fields: vec![field("f1".to_owned(), None, Location::Column { column: 0 }, vec![word; 20])],
        message_types: (0..200).map(kind).collect(),
        relations: (0..20_000).map(relation).collect(),
        delimiters: vec![delimiter; 2],
        ..Grammar::default()
    };
    let mut description = description().new_tree(&mut TestRunner::new(Config::default())).unwrap().current();
    description.known_as = Some("x".to_owned());
    description.encoding = Encoding::Text;
    description.grammar = grammar;
    description
}

#[test]
fn a_document_of_long_lists_costs_no_more_than_its_length() {
    let description = endless();
    let begun = std::time::Instant::now();
    for target in [Target::WiresharkLua, Target::Kaitai, Target::Graphviz] {
        assert!(!translate(&description, &BTreeSet::new(), target).text.is_empty());
    }
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
