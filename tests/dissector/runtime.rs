//! The program of dissectors costs no more than what it reads: long lines, endless lines, and what it remembers from one capture to the next.

use crate::documents::Case;
use crate::documents::said;
use crate::documents::stream;
use crate::tools::fields;
use crate::tools::folder;
use crate::tools::has;
use ntp_sniff::grammar::Target;
use ntp_sniff::report::dissector::translate;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// Lines of parts between semicolons; there are others that begin like them.
fn case(line: &str, cut: usize) -> Case {
    let delimiter = |hex: &str| json!({ "hex": hex, "text": "", "count": 9, "support": 1, "level": "list" });
    let grammar = json!({
        "framing": { "kind": "terminator", "terminator": "0a" }, "delimiters": [delimiter("3b"), delimiter("3b3b3b23")],
        "message_types": [{ "id": "mt1", "name": "line", "count": 2, "sessions": 1, "length": { "min": 1, "max": 9 } }],
    });
    let mut case = stream(&grammar, "text", &[said('C', "mt1", &[(line, "opaque")])], &[cut]);
    case.document["protocols"][0]["known_as"] = "a line".into();
    case
}

/// Its dissector, with something changed.
fn script(case: &Case, change: impl Fn(String) -> String) -> PathBuf {
    let path = folder().join("x.lua");
    fs::write(&path, change(translate(&case.description(), &BTreeSet::new(), Target::WiresharkLua).text)).unwrap();
    path
}

#[test]
fn a_line_of_many_parts_costs_no_more_than_its_length() {
    if !has("tshark") {
        return;
    }
    // To look for each delimiter anew behind each part would take the square of this.
    let case = case(&format!("{}\n", "a;;".repeat(60_000)), 1460);
    let begun = Instant::now();
    let shown = fields(&script(&case, |text| text), &case.capture, "ntps.unknown_9999.message", &["ntps.unknown_9999.delimiter"]);
    assert_eq!(shown.concat().matches("3b").count(), 120_000);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn a_line_without_an_end_is_not_waited_for_for_ever() {
    if !has("tshark") {
        return;
    }
    let case = case(&"a".repeat(20_000), 1000);
    let bytes = |most: u64| {
        let smaller = |text: String| {
            let (before, after) = text.split_once("most = 16777216").expect("the bound is in the table");
            format!("{before}most = {most}{after}")
        };
        let shown = fields(&script(&case, smaller), &case.capture, "ntps.unknown_9999.message", &["ntps.unknown_9999.other"]);
        (shown.len(), shown.iter().map(|hex| hex.len() / 2).sum::<usize>())
    };
    let (messages, all) = bytes(4096);
    assert!((2..=5).contains(&messages) && all > 15_000, "{messages} {all}");
    assert_eq!(bytes(1 << 20).0, 0, "until then it is waited for");
}

#[test]
fn another_capture_finds_nothing_remembered() {
    if !has("tshark") {
        return;
    }
    // Scripts are loaded before a capture is opened, and what is written behind the program sees what it sees.
    let remembered = r#"
still.a, before.b, asked.c = {}, {}, {}
local function all()
  local count = 0
  for _, of in ipairs({ still, before, asked }) do for _ in pairs(of) do count = count + 1 end end
  return count
end
local tap, had = Listener.new("frame"), all()
function tap.packet(pinfo)
  if pinfo.number == 1 then print("remembered " .. had .. ", now " .. all()) end
end
"#;
    let case = case("a;b\n", 1460);
    let script = script(&case, |text| text + remembered);
    let output =
        Command::new("tshark").arg("-X").arg(format!("lua_script:{}", script.display())).arg("-r").arg(&case.capture).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("remembered 3, now 0"), "{output:?}");
}
