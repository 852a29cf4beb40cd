//! What is left out, and what numbers in a description count: said as it is, for whoever draws conclusions from it.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "small numbers of tests")]

use super::testing::inferred;
use super::testing::said;
use super::testing::service;
use super::testing::sessions;
use crate::grammar::Description;
use crate::grammar::LimitationCode;
use crate::grammar::Share;
use crate::peer::Peer;
use crate::peer::Transport;

/// What is said of bounds that were reached.
fn capped(description: &Description) -> Vec<&str> {
    let capped = description.limitations.iter().filter(|limitation| limitation.code == LimitationCode::Capped);
    capped.map(|limitation| limitation.text.as_str()).collect()
}

#[test]
fn partings_that_the_summary_has_no_room_for() {
    let of = |others: usize| {
        let texts: Vec<&str> =
            std::iter::once("C: GET a\\n\nS: 200 ok\\n").chain(std::iter::repeat_n("C: PUT a\\n\nS: 200 ok\\n", others)).collect();
        let service = sessions(&texts);
        capped(&inferred(&service).description).join("")
    };
    assert_eq!(of(16), "");
    assert!(of(19).contains("where 3 later sessions part"), "{}", of(19));
}

#[test]
fn lines_that_go_on_behind_what_is_looked_at() {
    let of = |length: usize| {
        let text = format!("C: GET {}\\n\nS: 200 ok\\n", "x".repeat(length)).repeat(5).replace("ok\\nC", "ok\\n\nC");
        capped(&inferred(&sessions(&[&text])).description).join("")
    };
    assert_eq!(of(252), "");
    assert!(of(253).contains("of 5 lines the first 256 bytes were looked at for delimiters"), "{}", of(253));
}

#[test]
fn columns_that_are_not_looked_for() {
    let of = |length: u8| {
        let message = |number: u8| -> (Peer, Vec<u8>) {
            let from = if number.is_multiple_of(2) { Peer::Client } else { Peer::Server };
            (from, [&[0, 1, number][..], &vec![0x87; usize::from(length)], &[0x99; 50]].concat())
        };
        capped(&inferred(&service(Transport::Udp, &[(1, (0..40).map(message).collect())])).description).join("")
    };
    assert_eq!(of(200), "");
    assert!(of(204).contains("columns are looked for in 256 bytes"), "{}", of(204));
}

#[test]
fn values_that_are_not_told_apart() {
    let of = |values: u32| {
        let text = (0..values).map(|value| format!("C: SET {value}\\n\nS: 200 ok\\n\n")).collect::<Vec<_>>().concat();
        let description = inferred(&sessions(&[&text])).description;
        let fields = description.grammar.message_types.iter().flat_map(|kind| &kind.fields);
        let ranges: Vec<_> = fields.filter_map(|field| field.range.clone()).map(|range| (range.distinct, range.at_least)).collect();
        ranges
    };
    assert_eq!((of(64), of(65)), (vec![(64, false)], vec![(64, true)]));
}

#[test]
fn messages_are_what_is_counted_as_messages() {
    // Three turns of the client, of two orders each.
    let text = "C: GET a\\nGET b\\n\nS: 200 ok\\n\n".repeat(3);
    let description = inferred(&sessions(&[&text])).description;
    let counted = |ground: &crate::grammar::Ground| (ground.detector.clone(), ground.messages);
    let framing = description.grammar.framing.evidence.iter().map(counted).collect::<Vec<_>>();
    assert_eq!(framing, [("terminator".to_owned(), Some(6))]);
    let encodings: Vec<_> = description.evidence.iter().map(counted).collect();
    assert_eq!(encodings, [("encoding".to_owned(), Some(6)), ("encoding".to_owned(), Some(3))]);
}

#[test]
fn counts_that_do_not_hold_are_no_confidence() {
    let held = "C: $3\\nGET\\n$1\\na\\n\nS: $2\\nok\\n\n".repeat(13);
    let service = service(Transport::Tcp, &[(1, said(&format!("{held}C: $9\\nGET\\n\nS: $2\\nno\\n\n")))]);
    let grammar = inferred(&service).description.grammar;
    assert_eq!(grammar.framing.confidence, Share::of(40, 41));
    assert_eq!(grammar.framing.confidence, grammar.framing.evidence[0].score.unwrap());
}

#[test]
fn bytes_that_are_missing_at_the_end() {
    let mut service = sessions(&["C: GET a\\n\nS: 200 ok\\n", "C: GET a\\n"]);
    service.sessions[1].missing_behind = 9;
    let inference = inferred(&service);
    let missing: Vec<_> =
        inference.description.limitations.iter().filter(|limitation| limitation.code == LimitationCode::PacketLoss).collect();
    assert!(missing.len() == 1 && missing[0].text.starts_with("9 bytes are missing"), "{missing:?}");
    assert!(inference.contrasts[1].is_empty(), "what may be missing is no difference: {:?}", inference.contrasts[1]);
}
