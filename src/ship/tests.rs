//! What is told of events, exactly, and that text from the wire stays inside its place.

use super::LINES;
use super::Notice;
use super::notice::escaped;
use super::notice::short_time;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Flood;
use crate::event::LoginJudged;
use crate::event::Scanner;
use crate::evidence::Evidence;
use crate::peer::Endpoint;
use crate::time::Timestamp;
use proptest::prelude::*;

fn at() -> Timestamp {
    Timestamp::from_parts(1_105_000_000, 176_581_999, true)
}

fn server() -> Endpoint {
    Endpoint { ip: "2001:db8::8".parse().unwrap(), port: 1241 }
}

fn event(kind: EventKind<'_>) -> Event<'_> {
    Event { at: at(), flow: None, evidence: Evidence::default(), kind }
}

fn login(user: &[u8], accepted: bool) -> Event<'_> {
    let client = "192.168.11.12".parse().unwrap();
    event(EventKind::LoginJudged(LoginJudged { client, server: server(), user, accepted, attempt: 7, refused: 6, users: 3 }))
}

/// The messages of an event in a format.
fn lines(format: &str, event: &Event<'_>) -> Vec<String> {
    let format = LINES.iter().find(|entry| entry.name == format).unwrap();
    let notice = Notice::of(event).unwrap();
    (format.lines)(&notice, event).into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

#[test]
fn times_are_those_of_rfc_3164() {
    assert_eq!(short_time(at()), "Jan  6 08:26:40");
    assert_eq!(short_time(Timestamp::from_parts(1_700_000_000, 0, false)), "Nov 14 22:13:20");
    for edge in [i64::MIN, -1, i64::MAX] {
        assert_eq!(short_time(Timestamp::from_nanos(edge, true)).len(), 15);
    }
}

#[test]
fn text_from_the_wire_stays_in_its_field() {
    assert_eq!(escaped("a|b\\c\nd\re=f\u{1b}[2J\u{202e}é", &['|']), "a\\|b\\\\c\\nd\\re=f\\\\x1b[2J\\\\u{202e}é");
    assert_eq!(escaped("a|b=c", &['=']), "a|b\\=c");
    let user = b"fm|0|x\n<0>\\";
    assert_eq!(
        lines("nnm", &login(user, false)),
        [concat!(
            "<28>Jan  6 08:26:40 nnm: 192.168.11.12:0|2001:db8::8:1241|6|900001|Login Judged|A Nessus server judged a login|",
            "login refused; attempt 7; refused 6; user names 3; user fm\\|0\\|x\\n<0>\\\\|LOW"
        )]
    );
    assert_eq!(
        lines("cef", &login(b"a=b|c\\\n", true)),
        [format!(
            "<30>Jan  6 08:26:40 CEF:0|ntp-sniff|ntp-sniff|{}|900001|Login Judged|0|{}",
            env!("CARGO_PKG_VERSION"),
            "src=192.168.11.12 dst=2001:db8::8 dpt=1241 proto=TCP msg=login accepted; attempt 7; refused 6; user names 3; \
             user a\\=b|c\\\\\\n"
        )]
    );
}

#[test]
fn what_an_event_does_not_name_is_nobody() {
    let since = Timestamp::from_parts(1_105_000_000, 0, false);
    let flood = event(EventKind::FloodSeen(Flood { server: server(), since, half_open: 1000 }));
    let scanner = Scanner { client: "10.0.0.1".parse().unwrap(), since, reached: 101, established: 2 };
    let scanner = event(EventKind::ScannerSeen(scanner));
    assert!(lines("nnm", &flood)[0].contains(" nnm: 0.0.0.0:0|2001:db8::8:1241|6|900002|"));
    assert!(lines("nnm", &scanner)[0].contains(" nnm: 10.0.0.1:0|0.0.0.0:0|6|900003|"));
    let cef = &lines("cef", &scanner)[0];
    assert!(cef.contains("|3|src=10.0.0.1 proto=TCP msg=services that answered 101;") && !cef.contains("dst="), "{cef}");
}

#[test]
fn rfc_5424_cuts_the_time_and_carries_the_whole_record() {
    let line = &lines("rfc5424-json", &login(b"fm", false))[0];
    let parts: Vec<_> = line.splitn(8, ' ').collect();
    let process = std::process::id().to_string();
    assert_eq!((parts[0], parts[1]), ("<28>1", "2005-01-06T08:26:40.176581Z"));
    assert!(!parts[2].is_empty());
    assert_eq!(parts[3..7], ["ntp-sniff", process.as_str(), "login_judged", "-"]);
    let record: serde_json::Value = serde_json::from_str(parts[7]).unwrap();
    assert_eq!((&record["at"], &record["user"]), (&"2005-01-06T08:26:40.176581999Z".into(), &"fm".into()));
}

#[test]
fn formats_have_names_of_their_own() {
    let mut names: Vec<_> = LINES.iter().map(|format| format.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), LINES.len());
}

proptest! {
    #[test]
    fn any_user_gives_one_short_line(user: Vec<u8>, repeated in 1_usize..300) {
        let user = user.repeat(repeated);
        for format in ["nnm", "cef"] {
            let lines = lines(format, &login(&user, false));
            prop_assert_eq!(lines.len(), 1);
            prop_assert!(lines[0].len() < 2048 && !lines[0].chars().any(char::is_control), "{}", lines[0]);
            let bare = lines[0].replace("\\\\", "").replace("\\|", "").replace("\\=", "");
            let fields = bare.split('|').count();
            prop_assert!(format != "nnm" || fields == 8, "{} fields: {}", fields, bare);
        }
    }
}
