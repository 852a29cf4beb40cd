//! Promise: whatever part of a session was seen becomes the scans it is, complete findings only, within bounds.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]

use super::Outputs;
use super::ScanReports;
use crate::annotation::Field;
use crate::annotation::Role;
use crate::annotation::Value;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::limits::Limits;
use crate::peer::Peer;
use crate::peer::Peer::Client;
use crate::peer::Peer::Server;
use crate::report::Sink;
use crate::report::script;
use crate::report::script::Player;
use std::cell::RefCell;
use std::io;
use std::io::Write;
use std::rc::Rc;

/// A message: who says it, its name, its fields, and whether all of it was there.
type Says = (Peer, &'static str, &'static [(&'static str, &'static str)], bool);

/// What is said, and the scans it makes.
type Case = (&'static [Says], &'static [(&'static str, usize)]);

const START: Says = (Server, "time", &[("moment", "SCAN_START"), ("time", "now")], true);
const FTP: Says = (Server, "port", &[("host", "10.0.0.1"), ("service_field", "ftp (21/tcp)")], true);
const SSH: Says = (Server, "port", &[("host", "10.0.0.1"), ("service_field", "ssh (22/tcp)")], true);
const NOTE: Says =
    (Server, "note", &[("host", "a.example"), ("service_field", "general/tcp"), ("text", r"x\\n\n"), ("plugin_id", "7")], true);
const BYE: Says = (Server, "bye", &[], true);
const ONE: Says = (Client, "new_attack", &[("targets", "one")], true);
const TWO: Says = (Client, "long_attack", &[("targets", "two")], true);

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// References are lists, all else is text.
fn value_of<'a>(name: &str, text: &'a str) -> Value<'a> {
    match name {
        "cve" => Value::List(text.split(", ").map(|value| value.as_bytes().into()).collect()),
        _ => Value::text(text.as_bytes()),
    }
}

/// Both reports of a session, and what else is said.
fn reports_within(limits: &Limits, says: &[Says]) -> (String, String, Vec<String>) {
    let (nbe, nessus) = (Shared::default(), Shared::default());
    let outputs = Outputs { nbe: Some(Box::new(nbe.clone())), nessus: Some(Box::new(nessus.clone())), visible: false };
    let mut reports = ScanReports::new(limits, outputs);
    let flow = script::flow(1, "10.9.9.9:4000", "10.9.9.1:1241");
    let mut player = Player { sink: &mut reports };
    player.session(&flow, "nessus_ntp", Some("1.2"), &[]).unwrap();
    for (from, name, fields, complete) in says {
        let fields = fields.iter().map(|(name, value)| Field::new(name, value_of(name, value))).collect();
        let end: &[u8] = if *complete { b"SERVER" } else { b"SERV" };
        let parts = [(&b"SERVER <|> "[..], Role::Data, "entity", false), (end, Role::Keyword, "end", false)];
        player.message((0, 1, &[4]), (*from, name, false), ("", fields), &parts).unwrap();
    }
    let closed = EventKind::FlowClosed(&flow, Closing::Fin);
    reports.event(&Event { at: flow.last_at, flow: Some(flow.id), evidence: Evidence::default(), kind: closed }).unwrap();
    reports.finish().unwrap();
    (nbe.text(), nessus.text(), reports.limits_reached().iter().map(ToString::to_string).collect())
}

/// The targets and the number of lines of each scan, with a mark where its beginning was not seen.
fn scans(says: &[Says]) -> Vec<(String, usize)> {
    let (_, xml, reached) = reports_within(&Limits::default(), says);
    assert!(reached.is_empty(), "{reached:?}");
    let document = roxmltree::Document::parse(&xml).unwrap();
    let all = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
    let count = |report: roxmltree::Node<'_, '_>| report.descendants().filter(|node| node.has_tag_name("ReportItem")).count();
    let midway = |report: roxmltree::Node<'_, '_>| if report.attribute("name").unwrap().ends_with("midway") { "?" } else { "" };
    all("value")
        .zip(all("Report"))
        .map(|(value, report)| (value.text().unwrap_or_default().to_owned() + midway(report), count(report)))
        .collect()
}

#[test]
fn a_scan_goes_from_its_order_to_its_end() {
    let expected = |scans: &[(&str, usize)]| scans.iter().map(|(targets, items)| ((*targets).to_owned(), *items)).collect::<Vec<_>>();
    let cases: [Case; 9] = [
        (&[ONE, START, FTP, SSH, BYE, TWO, START, FTP, BYE], &[("one", 2), ("two", 1)]),
        // Joined midway, or only the server's side: it begins at its first result.
        (&[SSH, BYE, TWO, FTP], &[("?", 1), ("two", 1)]),
        (&[START, FTP, BYE, START, SSH, FTP], &[("?", 1), ("?", 2)]),
        // The end of the first was lost.
        (&[ONE, START, FTP, TWO, START, SSH], &[("one", 1), ("two", 1)]),
        (&[FTP, TWO, START, SSH, SSH], &[("?", 1), ("two", 2)]),
        // The order was late.
        (&[START, ONE, FTP, BYE], &[("one", 1)]),
        // In mid-scan an order starts nothing.
        (&[ONE, START, TWO, FTP, BYE], &[("one", 1)]),
        // A scan of nothing, and a session without scan.
        (&[ONE], &[("one", 0)]),
        (&[BYE], &[]),
    ];
    for (index, (says, scan)) in cases.into_iter().enumerate() {
        assert_eq!(scans(says), expected(scan), "case {index}");
    }
}

#[test]
fn long_lists_of_targets_come_in_parts() {
    let part = (Client, "targets_part", &[("targets", ",part")][..], true);
    assert_eq!(scans(&[TWO, part, part, START]), [("two,part,part".to_owned(), 0)]);
}

#[test]
fn a_finding_that_is_not_complete_is_none() {
    let (from, name, fields, _) = NOTE;
    let (nbe, _, _) = reports_within(&Limits::default(), &[ONE, (from, name, fields, false), FTP]);
    assert_eq!(nbe, "results|10.0.0|10.0.0.1|ftp (21/tcp)\n");
}

#[test]
fn only_a_client_that_asked_for_escapes_gets_them_undone() {
    let asks = (Client, "preference", &[("name", "ntp_escape_crlf"), ("value", "no")][..], true);
    let (nbe, xml, _) = reports_within(&Limits::default(), &[ONE, NOTE, asks, NOTE]);
    assert_eq!(nbe, "results|example|a.example|general/tcp|7|Security Note|x\\\\n\\n\n".repeat(2));
    assert!(xml.contains("<plugin_output>x\\\\n\\n</plugin_output>"), "{xml}");
    assert!(xml.contains("<plugin_output>x\\n\n</plugin_output>"), "{xml}");
}

#[test]
fn the_plugin_list_names_findings_and_makes_room_again() {
    let seven =
        (Server, "plugin_record", &[("plugin_id", "7"), ("plugin_name", "A & B"), ("family", "Misc."), ("cve", "CVE-1, CVE-2")][..], true);
    let eight = (Server, "plugin_record", &[("plugin_id", "8"), ("plugin_name", "C")][..], true);
    let limits = Limits { scan_plugins: 2, ..Limits::default() };
    let (_, xml, reached) = reports_within(&limits, &[seven, eight, seven, ONE, NOTE]);
    assert!(xml.contains(r#"pluginID="7" pluginName="A &amp; B" pluginFamily="Misc.">"#), "{xml}");
    assert!(xml.contains("<cve>CVE-1</cve>\n<cve>CVE-2</cve>\n<plugin_output>"), "{xml}");
    assert!(reached.is_empty());
    let (_, _, reached) = reports_within(&Limits { scan_plugins: 1, ..limits }, &[eight, seven, ONE, NOTE]);
    assert_eq!(reached, ["limit reached: scan_plugins = 1; left out of the scan reports: 1"]);
}

#[test]
fn a_bound_that_is_reached_is_said() {
    let limits = Limits { scan_items: 2, ..Limits::default() };
    let (nbe, xml, reached) = reports_within(&limits, &[ONE, FTP, SSH, FTP, FTP, BYE, TWO]);
    assert_eq!(nbe.lines().count(), 2);
    assert_eq!(reached, ["limit reached: scan_items = 2; left out of the scan reports: 2"]);
    assert!(xml.contains(&format!("<!-- {} -->", reached[0])), "{xml}");
    let (nbe, _, reached) = reports_within(&Limits { scans: 1, ..Limits::default() }, &[ONE, FTP, BYE, TWO, SSH, SSH]);
    assert_eq!(nbe.lines().count(), 1);
    assert_eq!(reached, ["limit reached: scans = 1; left out of the scan reports: 3"]);
    let (nbe, _, reached) = reports_within(&Limits { scan_bytes: 400, ..Limits::default() }, &[ONE, FTP, FTP, FTP, FTP]);
    assert!((1..4).contains(&nbe.lines().count()), "{nbe}");
    assert!(reached[0].starts_with("limit reached: scan_bytes = 400;"), "{reached:?}");
}
