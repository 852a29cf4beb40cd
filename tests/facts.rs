//! Promise: every export of the facts says the same as the JSON Lines records, in a form its readers can read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a failed test is told by a panic")]
#![allow(clippy::arithmetic_side_effects, clippy::print_stderr, reason = "counts of a test; a skipped one is told by a line")]

use ntp_sniff::anomaly::Anomaly;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::event::Scanner;
use ntp_sniff::evidence::Evidence;
use ntp_sniff::fact::Direction;
use ntp_sniff::fact::Fact;
use ntp_sniff::fact::Grade;
use ntp_sniff::fact::Known;
use ntp_sniff::fact::Relation;
use ntp_sniff::fact::Vlans;
use ntp_sniff::report::Sink;
use ntp_sniff::report::facts::EXPORTS;
use ntp_sniff::report::facts::Kept;
use ntp_sniff::report::facts::Listed;
use ntp_sniff::time::Timestamp;
use roxmltree::Document;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// Captures whose facts have a direction each, with the focus network that gives them.
const FOCUS: [&str; 2] = ["--focus", "10.1.1.0/24,10.2.2.20,192.168.0.0/16"];

/// What the program writes; of damaged captures it is what was readable.
fn written(args: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(args).output().unwrap();
    assert!(matches!(run.status.code(), Some(0 | 3)), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// The bundled captures.
fn captures() -> Vec<String> {
    let paths = std::fs::read_dir("captures").unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> =
        paths.filter(|path| path.extension().is_some_and(|end| end != "md")).map(|path| path.display().to_string()).collect();
    names.sort();
    assert!(names.len() > 40);
    names
}

/// A fact as text, column by column; an empty one is not there.
type Columns = BTreeMap<String, String>;

/// What all outputs must agree on.
const SHARED: [&str; 11] =
    ["client_ip", "direction", "first_seen", "grade", "kind", "nnm_plugins", "port", "relation_id", "server_ip", "transport", "vlans"];

/// Brings a fact to the shared columns. The records tell the final grade of connections only.
fn shared(mut fact: Columns) -> Columns {
    fact.retain(|name, text| SHARED.contains(&name.as_str()) && !text.is_empty());
    if fact["kind"] != "connection" {
        fact.remove("grade");
        fact.remove("vlans");
    }
    fact
}

/// The facts as the JSON Lines records tell them.
fn recorded(capture: &str) -> BTreeSet<Columns> {
    let mut facts: BTreeMap<String, Columns> = BTreeMap::new();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(stacks) if stacks.iter().any(Value::is_array) => {
            let stack = |stack: &Value| stack.as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
            stacks.iter().map(stack).collect::<Vec<_>>().join(",")
        }
        Value::Array(list) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        value => value.to_string(),
    };
    let lines = written(&[&["-r", capture, "-T", "jsonl"][..], &FOCUS].concat());
    for record in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let event = record["event"].as_str().unwrap();
        let kind = match event {
            "service_seen" | "client_port_seen" | "connection_seen" => event.trim_end_matches("_seen"),
            "connection_confirmed" => "connection",
            _ => continue,
        };
        let mut fact: Columns = record.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        fact.insert("kind".to_owned(), kind.to_owned());
        // A confirmation comes later and knows more.
        facts.insert(fact["relation_id"].clone(), shared(fact));
    }
    facts.into_values().collect()
}

/// What an export writes of a capture.
fn exported(capture: &str, option: &str) -> String {
    written(&[&["facts", capture, option][..], &FOCUS].concat())
}

/// Lines of RFC 4180 to fields.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                line.push(std::mem::take(&mut field));
                lines.push(std::mem::take(&mut line));
            }
            _ => field.push(char),
        }
    }
    assert!(!quoted && field.is_empty() && line.is_empty(), "the last line is ended");
    lines
}

/// Names every field of every line.
fn named(header: &[String], lines: &[Vec<String>]) -> Vec<Columns> {
    assert!(lines.iter().all(|line| line.len() == header.len()));
    lines.iter().map(|line| header.iter().cloned().zip(line.iter().cloned()).collect()).collect()
}

#[test]
fn csv_says_what_the_records_say() {
    let mut facts = 0;
    for capture in captures() {
        let table = csv(&exported(&capture, "--csv"));
        let rows = named(&table[0], &table[1..]);
        facts += rows.len();
        assert_eq!(rows.into_iter().map(shared).collect::<BTreeSet<_>>(), recorded(&capture), "{capture}");
    }
    assert!(facts > 80, "there are facts: {facts}");
}

#[test]
fn zeek_says_what_csv_says() {
    let names = [
        ("ts", "first_seen"),
        ("last", "last_seen"),
        ("id.orig_h", "client_ip"),
        ("id.resp_h", "server_ip"),
        ("id.resp_p", "port"),
        ("proto", "transport"),
        ("count", "handshakes"),
    ];
    for capture in captures() {
        let log = exported(&capture, "--zeek");
        let head = |name: &str| log.lines().find_map(|line| line.strip_prefix(&format!("#{name}"))).unwrap().to_owned();
        assert_eq!((head("separator ").as_str(), head("path\t").as_str()), ("\\x09", "known_relations"));
        let split = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let fields = split(&head("fields\t"));
        assert_eq!(fields.len(), split(&head("types\t")).len());
        let lines: Vec<Vec<String>> = log.lines().filter(|line| !line.starts_with('#')).map(split).collect();
        let table = csv(&exported(&capture, "--csv"));
        let theirs = named(&table[0], &table[1..]);
        let ours = named(&fields, &lines);
        assert_eq!(ours.len(), theirs.len(), "{capture}");
        for (mut ours, mut theirs) in ours.into_iter().zip(theirs) {
            for (zeek, csv) in names {
                let value = ours.remove(zeek).unwrap();
                ours.insert(csv.to_owned(), value);
            }
            ours.values_mut().filter(|value| ["-", "(empty)"].contains(&value.as_str())).for_each(String::clear);
            for name in ["first_seen", "last_seen"] {
                let moment: Timestamp = parsed(&ours[name]);
                ours.insert(name.to_owned(), moment.to_string());
            }
            theirs.insert("syn_seen".to_owned(), if theirs["syn_seen"] == "true" { "T" } else { "F" }.to_owned());
            assert_eq!(ours, theirs, "{capture}");
        }
    }
}

/// A moment from seconds since the epoch.
fn parsed(seconds: &str) -> Timestamp {
    let (whole, fraction) = seconds.split_once('.').unwrap();
    let nanos: i64 = format!("{fraction:0<9}").parse().unwrap();
    Timestamp::from_parts(whole.parse().unwrap(), nanos, fraction.len() > 6)
}

/// Host, port and plugin of every item.
fn items(xml: &str) -> Vec<(String, String, String)> {
    let document = Document::parse(xml).unwrap();
    assert!(document.root_element().has_tag_name("NessusClientData_v2"));
    let items = document.descendants().filter(|node| node.has_tag_name("ReportItem"));
    let attribute = |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().to_owned();
    items
        .map(|item| {
            assert_eq!(
                [attribute(item, "severity"), attribute(item, "protocol"), attribute(item, "pluginFamily")],
                ["0", "tcp", "Generic"]
            );
            assert!(!attribute(item, "pluginName").is_empty() && !attribute(item, "svc_name").is_empty());
            let host = attribute(item.parent().unwrap(), "name");
            (host, attribute(item, "port"), attribute(item, "pluginID"))
        })
        .collect()
}

#[test]
fn nessus_says_what_csv_says() {
    let mut plugins = BTreeSet::new();
    for capture in captures() {
        let items = items(&exported(&capture, "--nessus"));
        let table = csv(&exported(&capture, "--csv"));
        let mut expected = BTreeSet::new();
        for fact in named(&table[0], &table[1..]) {
            for plugin in fact["nnm_plugins"].split(',') {
                let owner = if ["2", "3", "16"].contains(&plugin) { "client_ip" } else { "server_ip" };
                expected.insert((fact[owner].clone(), fact["port"].clone(), plugin.to_owned()));
                plugins.insert(plugin.to_owned());
            }
        }
        assert_eq!(items.len(), expected.len(), "{capture}: each item once");
        assert_eq!(items.into_iter().collect::<BTreeSet<_>>(), expected, "{capture}");
    }
    assert_eq!(plugins.into_iter().collect::<Vec<_>>(), ["0", "15", "16", "2", "3"], "14 has a test of its own");
}

/// A fact that rests on one handshake.
fn fact(relation: Relation, direction: Option<Direction>) -> Fact {
    let at = Timestamp::from_parts(1_700_000_000, 0, false);
    let known = Known { grade: Grade::Data, syn_seen: true, first_at: at, last_at: at, handshakes: 1, vlans: Vlans::default() };
    Fact { relation, direction, known }
}

/// What an export writes of these facts.
fn export(name: &str, facts: Vec<Fact>) -> String {
    let export = EXPORTS.iter().find(|export| export.name == name).unwrap();
    let mut out = Vec::new();
    (export.write)(&Listed(facts), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The facts of a connection in one direction, as the inventory makes them.
fn facts(client: &str, server: &str, port: u16, direction: Direction) -> Vec<Fact> {
    let of = |client: Option<&str>, server: Option<&str>| {
        let ip = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        Relation::of_parts(ip(client), ip(server), port).unwrap()
    };
    let mut facts = vec![fact(of(Some(client), Some(server)), Some(direction))];
    facts.extend((direction != Direction::Outbound).then(|| fact(of(None, Some(server)), None)));
    facts.extend((direction != Direction::Inbound).then(|| fact(of(Some(client), None), None)));
    facts
}

#[test]
fn nessus_is_the_vendors_documented_example() {
    // "A browses on port 22", "B offers a service on port 22", "A communicates with B on port 22".
    let (a, b) = ("10.0.0.1", "10.0.0.2");
    let xml = export("nessus", facts(a, b, 22, Direction::Internal));
    let item = |host: &str, plugin: &str| (host.to_owned(), "22".to_owned(), plugin.to_owned());
    assert_eq!(items(&xml), [item(a, "2"), item(a, "3"), item(b, "0"), item(b, "15")]);
    let document = Document::parse(&xml).unwrap();
    let outputs: Vec<&str> =
        document.descendants().filter(|node| node.has_tag_name("plugin_output")).map(|node| node.text().unwrap()).collect();
    assert!(outputs[1].starts_with("10.0.0.2:22: data, 1 handshake, first seen 2023-11-14T22:13:20.000000Z"), "{}", outputs[1]);
    assert!(outputs[3].starts_with("10.0.0.1: data, 1 handshake,"), "{}", outputs[3]);
}

#[test]
fn nessus_names_no_address_outside() {
    let outside = ["192.0.2.1", "192.0.2.2"];
    let inbound = outside.iter().flat_map(|client| facts(client, "10.0.0.2", 443, Direction::Inbound));
    let outbound = outside.iter().flat_map(|server| facts("10.0.0.1", server, 25, Direction::Outbound));
    let mut all: Vec<Fact> = inbound.chain(outbound).collect();
    all.sort_by_key(|fact| fact.relation);
    all.dedup();
    let xml = export("nessus", all);
    let item = |host: &str, port: &str, plugin: &str| (host.to_owned(), port.to_owned(), plugin.to_owned());
    assert_eq!(
        items(&xml),
        [item("10.0.0.1", "25", "2"), item("10.0.0.1", "25", "16"), item("10.0.0.2", "443", "0"), item("10.0.0.2", "443", "14")]
    );
    assert!(!xml.contains("192.0.2.") && xml.contains("data, 2 handshakes, first seen"), "{xml}");
}

/// Whether Graphviz takes it; nothing where it is not installed.
fn drawn(picture: &str) -> Option<String> {
    let mut dot = Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    dot.stdin.take().unwrap().write_all(picture.as_bytes()).unwrap();
    let output = dot.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{picture}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_picture_has_every_host_and_every_edge() {
    for capture in captures() {
        let picture = exported(&capture, "--dot");
        let table = csv(&exported(&capture, "--csv"));
        let rows = named(&table[0], &table[1..]);
        let hosts: BTreeSet<&str> = rows.iter().flat_map(|row| [&row["client_ip"], &row["server_ip"]]).map(String::as_str).collect();
        let connections = rows.iter().filter(|row| row["kind"] == "connection");
        let edges: BTreeSet<String> = connections.map(|row| format!("\"{}\" -> \"{}\"", row["client_ip"], row["server_ip"])).collect();
        let lines = |edge: bool| picture.lines().filter(move |line| line.starts_with("  \"") && line.contains(" -> ") == edge);
        let head = |line: &str| line.split(" [").next().unwrap().trim().to_owned();
        assert_eq!(lines(true).map(head).collect::<BTreeSet<_>>(), edges, "{capture}");
        let shown: BTreeSet<String> = lines(false).map(|line| head(line).trim_matches('"').to_owned()).collect();
        assert_eq!(shown, hosts.into_iter().filter(|host| !host.is_empty()).map(str::to_owned).collect(), "{capture}");
    }
}

#[test]
fn graphviz_takes_the_picture() {
    let many = (1..=300).flat_map(|port| facts("2001:db8::1", "10.0.0.2", port, Direction::Outbound)).collect();
    let mut pictures = vec![export("dot", Vec::new()), export("dot", many)];
    pictures.push(written(&[&["facts", "captures/frank4dd.pcap", "captures/handshake_13_ipv6.pcap", "--dot"][..], &FOCUS].concat()));
    for picture in &pictures {
        let Some(svg) = drawn(picture) else {
            eprintln!("skipped: dot of Graphviz is not installed");
            return;
        };
        let document = Document::parse_with_options(&svg, roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() }).unwrap();
        let of = |class: &str| document.descendants().filter(|node| node.attribute("class") == Some(class)).count();
        let lines = |edge: bool| picture.lines().filter(|line| line.starts_with("  \"") && line.contains(" -> ") == edge).count();
        assert_eq!((of("node"), of("edge")), (lines(false), lines(true)));
    }
    assert!(pictures[1].contains("and 292 more"), "{}", pictures[1]);
}

#[test]
fn the_same_facts_are_the_same_bytes_in_whatever_order_they_come() {
    let mut all = facts("10.0.0.1", "10.0.0.2", 22, Direction::Internal);
    all.extend(facts("10.0.0.1", "192.0.2.1", 443, Direction::Outbound));
    all.extend(facts("2001:db8::1", "10.0.0.2", 80, Direction::Inbound));
    for export in EXPORTS {
        let written = |facts: Vec<Fact>| {
            let mut out = Vec::new();
            (export.write)(&Listed(facts), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let text = written(all.clone());
        assert_eq!(text, written(all.iter().rev().cloned().collect()), "{}", export.name);
        assert!(text.ends_with('\n') && text.chars().all(|char| matches!(char, '\n' | '\t') || !char.is_control()), "{}", export.name);
        assert!(!written(Vec::new()).is_empty(), "{}: no facts are no mistake", export.name);
        let option = format!("--{}", export.name);
        let capture = "captures/handshake_43_browse80_x5_3servers.pcap";
        assert_eq!(exported(capture, &option), exported(capture, &option));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("facts.{}", export.name));
        assert_eq!(written_to(&path, capture, &option), exported(capture, &option), "{}", export.name);
    }
}

/// The same into a file.
fn written_to(path: &std::path::Path, capture: &str, option: &str) -> String {
    assert_eq!(written(&[&["facts", capture, option, "-o", path.to_str().unwrap()][..], &FOCUS].concat()), "");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn it_is_known_when_facts_are_missing() {
    let event = |kind| Event { at: Timestamp::default(), flow: None, evidence: Evidence::default(), kind };
    let limit = |limit| event(EventKind::AnomalyFound(Anomaly::LimitReached { limit, value: 7 }));
    let client = "10.0.0.1".parse().unwrap();
    let scanner = Scanner { client, since: Timestamp::default(), reached: 100, established: 0 };
    let mut kept = Kept::default();
    kept.event(&limit("window_bytes")).unwrap();
    assert_eq!((kept.most, kept.rationed), (None, false), "what the facts do not suffer from");
    kept.event(&limit("facts")).unwrap();
    kept.event(&event(EventKind::ScannerSeen(scanner))).unwrap();
    assert_eq!((kept.most, kept.rationed), (Some(7), true));
    let all = Listed(facts("10.0.0.1", "10.0.0.2", 22, Direction::Internal));
    kept.event(&event(EventKind::FactsKnown(&all))).unwrap();
    assert_eq!(kept.facts.iter().map(|fact| fact.relation.kind()).collect::<Vec<_>>(), ["service", "client_port", "connection"]);
}

#[test]
fn without_an_option_it_is_the_two_tables_of_the_report() {
    for capture in captures() {
        let report = written(&["-r", &capture, "--show", "services,connections", "--width", "80"]);
        assert_eq!(written(&["facts", &capture, "--width", "80"]), report, "{capture}");
    }
}
