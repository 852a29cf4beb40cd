//! A row is the message it stands for: an output that takes rows writes the same bytes as if it took none.

use crate::draw::cases;
use crate::draw::cuts;
use crate::draw::isns;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::NoRows;
use crate::support::collect::into_sink;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::talk::Step;
use crate::support::talk::bytes;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::capture::Source;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use proptest::prelude::*;
use std::io;

/// How sessions begin whose plugin lists have other columns each.
const OPENINGS: [&str; 6] = [
    r"C: < NTP/1.2 >\nS: < NTP/1.2 >",
    r"C: < NTP/1.2 >< plugins_version plugins_cve_id plugins_bugtraq_id plugins_xrefs >\nS: < NTP/1.2 >",
    r"C: < NTP/1.1 >< plugins_cve_id plugins_xrefs >\nS: < NTP/1.1 >",
    r"C: < OTP/1.0 >\nS: < OTP/1.0 >",
    r"C: < OTP/2.0 >\nS: < OTP/2.0 >",
    "S: SERVER <|> PLUGIN_LIST <|>",
];

/// What a cell may hold.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zA-Z0-9 .,;:()$-]{0,40}",
        2 => "[a-z ]{100,400}",
        2 => "(CVE-[0-9]{4}-[0-9]{4}, ?){0,4}",
        1 => Just("NOCVE".to_owned()),
        1 => Just(" NOBID ".to_owned()),
        1 => Just("NOTHING".to_owned()),
        1 => Just(r#"a "quoted" \\ word"#.to_owned()),
        1 => Just(r"caf\xe9".to_owned()),
        1 => Just("\u{fc}ber \u{202e}".to_owned()),
        1 => Just(r"\x1b[2J\x7f\r".to_owned()),
        1 => Just("-7".to_owned()),
        1 => Just("cvss_base=7.5|risk_factor=High||".to_owned()),
        1 => Just("SERVER".to_owned()),
    ]
}

/// A line of a plugin list, or something like it.
fn line() -> impl Strategy<Value = String> {
    let id = prop_oneof![8 => "1[0-9]{4}", 2 => Just("1.3.6.1.4.1.25623.1.0.10330".to_owned()), 1 => cell()];
    let between = prop_oneof![20 => Just(" <|> "), 1 => Just("<|>"), 1 => Just("<|>  "), 1 => Just(" < |> ")];
    let end = prop_oneof![20 => Just(r"\n"), 1 => Just(r"\0"), 1 => Just(r"\r\n"), 1 => Just("")];
    let count = prop_oneof![3 => Just(7_usize), 3 => Just(11), 2 => Just(13), 2 => Just(8), 2 => 0_usize..18];
    (id, count, proptest::collection::vec((between, cell()), 18), end).prop_map(|(id, count, cells, end)| {
        let rest: Vec<_> = cells.into_iter().take(count.saturating_sub(1)).flat_map(|(between, cell)| [between.to_owned(), cell]).collect();
        format!("{id}{}{end}", rest.concat())
    })
}

fn conversation() -> impl Strategy<Value = Vec<Step>> {
    (0..OPENINGS.len(), proptest::collection::vec(line(), 1..12)).prop_map(|(opening, lines)| {
        let said = OPENINGS[opening].replace(r"\nS: ", "\\n\nS: ");
        let mut steps = talk(&said);
        if let Some(last) = steps.last_mut() {
            last.bytes.extend(bytes(r"\n"));
        }
        if opening + 1 < OPENINGS.len() {
            let login = "S: User : \nC: anna\\n\nS: Password : \nC: geheim\\n\nS: SERVER <|> PLUGIN_LIST <|>\\n";
            steps.extend(talk(login).into_iter().filter(|_| !said.contains("OTP/2")));
            if said.contains("OTP/2") {
                steps.extend(talk("S: SERVER <|> PLUGIN_LIST <|>\\n"));
            }
        }
        let list = format!("S: {}<|> SERVER\\n", lines.concat());
        steps.extend(talk(&list));
        steps
    })
}

/// How many rows a source has, whoever wants them.
#[derive(Default)]
struct Rows(usize);

impl Sink for Rows {
    fn wants_rows(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.0 += usize::from(matches!(event.kind, EventKind::RowDecoded(_)));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rows(source: &mut dyn Source) -> usize {
    let mut rows = Rows::default();
    into_sink(source, &Limits::default(), false, &mut rows);
    rows.0
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn whoever_takes_rows_says_the_same(steps in conversation(), isns in isns(), cuts in cuts(), lost in proptest::collection::vec(3_usize..60, 0..2)) {
        let mut packets = Talk::whole(isns, &steps, &cuts).packets;
        for index in lost {
            if index < packets.len() {
                packets.remove(index);
            }
        }
        let frames = captured(Net::v4(1241).frames(&packets), 100);
        for (format, style) in [("jsonl", Style::default()), ("table", Style::default()), ("table", loud())] {
            let quick = text(&mut memory(&frames), format, &style, false);
            prop_assert_eq!(quick, NoRows::text(&mut memory(&frames), format, &style));
        }
    }
}

/// The law above is about something: such conversations hold rows, plain ones and others.
#[test]
fn usual_lines_are_rows() {
    let usual = "10330 <|> Services <|> infos <|> (C) lab <|> Finds \"out\";which <|> Find what <|> Misc.\\n";
    let number = usual.replace("infos", "3");
    for (opening, line, count) in [(OPENINGS[0], usual, 3), (OPENINGS[0], &*number, 0), (OPENINGS[1], usual, 0)] {
        let said = opening.replace(r"\nS: ", "\\n\nS: ");
        let login = "S: User : \nC: anna\\n\nS: Password : \nC: geheim\\n";
        let text = format!("{said}\\n\n{login}\nS: SERVER <|> PLUGIN_LIST <|>\\n{line}{line}{line}<|> SERVER\\n");
        let frames = captured(Net::v4(1241).frames(&Talk::whole([1, 2], &talk(&text), &[]).packets), 100);
        assert_eq!(rows(&mut memory(&frames)), count, "{text}");
    }
}
