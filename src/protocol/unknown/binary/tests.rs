//! The binary way over messages made for it.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]

mod second;

use super::super::Seen;
use super::super::Service;
use super::super::Turn;
use super::super::Unit;
use super::*;
use crate::annotation::ByteSpan;
use crate::grammar::FramingKind;
use crate::grammar::LengthForm;
use crate::peer::Endpoint;
use crate::peer::FlowId;
use crate::peer::Transport;
use crate::time::Timestamp;

/// Numbers that look random, always the same.
fn dice(seed: &mut u64) -> u8 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    seed.to_be_bytes()[0]
}

/// A service of these turns, all of one client in sessions of forty.
fn service(transport: Transport, turns: &[(Peer, Vec<u8>)]) -> Service {
    let end = |port| Endpoint { ip: [192, 0, 2, 1].into(), port };
    let at = Timestamp::from_parts(1_700_000_000, 0, false);
    let session = |(number, turns): (usize, &[(Peer, Vec<u8>)])| {
        let mut sent = [0_u64; 2];
        let turn = |(from, bytes): &(Peer, Vec<u8>)| {
            let start = &mut sent[usize::from(*from == Peer::Server)];
            let span = ByteSpan { start: *start, end: *start + numbers::wide(bytes.len()) };
            *start = span.end;
            Turn { from: *from, at, span, bytes: bytes.clone(), gap_before: 0 }
        };
        Seen {
            flow: FlowId(numbers::wide(number) + 1),
            client: end(4000 + u16::try_from(number).unwrap()),
            whole: true,
            turns: turns.iter().map(turn).collect(),
            missing_behind: 0,
        }
    };
    let sessions = turns.chunks(40).enumerate().map(session).collect();
    Service { transport, server: end(9999), sessions, window: (at, at), limitations: Vec::new() }
}

fn units(service: &Service) -> Vec<Unit<'_>> {
    let of = |(session, seen): (usize, &'_ Seen)| -> Vec<(usize, usize)> { (0..seen.turns.len()).map(|turn| (session, turn)).collect() };
    let places: Vec<_> = service.sessions.iter().enumerate().flat_map(of).collect();
    let unit = |(session, turn): (usize, usize)| {
        let Turn { from, at, span, bytes, .. } = &service.sessions[session].turns[turn];
        Unit { session, number: numbers::wide(turn) + 1, from: *from, at: *at, span: *span, bytes }
    };
    places.into_iter().map(unit).collect()
}

/// Two magic bytes, type, number, length of what follows, letters, and CRC-16; requests of two types and their answers.
fn forged(sum: bool) -> Vec<(Peer, Vec<u8>)> {
    let mut seed = 7;
    let mut turns = Vec::new();
    for number in 0..120_u16 {
        let request = dice(&mut seed) % 2;
        for (from, kind) in [(Peer::Client, request), (Peer::Server, request + 16)] {
            let length = if kind % 2 == 0 { 3 } else { 5 + dice(&mut seed) % 9 };
            let mut bytes = vec![0xca, 0xfe, kind];
            bytes.extend((number + 700).to_be_bytes());
            bytes.push(length);
            bytes.extend((0..length).map(|_| if kind % 2 == 0 { dice(&mut seed) } else { b'a' + dice(&mut seed) % 26 }));
            if sum {
                let crc = bytes.iter().fold(0xffff_u16, |sum, byte| {
                    (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xa001 } else { sum >> 1 })
                });
                bytes.extend(crc.to_le_bytes());
            }
            turns.push((from, bytes));
        }
    }
    turns
}

fn kinds(language: &Language) -> Vec<Kind> {
    language.header_fields.iter().map(|field| field.kind).collect()
}

#[test]
fn a_forged_protocol_is_found_again() {
    for sum in [false, true] {
        let service = service(Transport::Udp, &forged(sum));
        let language = infer(&service, &units(&service));
        let kinds = kinds(&language);
        assert_eq!(kinds[..4], [Kind::Constant, Kind::TypeCode, Kind::Echo, Kind::Length], "{kinds:?}");
        assert_eq!(kinds.contains(&Kind::Checksum), sum);
        assert_eq!(language.types.len(), 4, "two requests, two answers");
        assert!(language.types.iter().all(|kind| kind.matches.len() == 1));
        for (unit, typed) in units(&service).iter().zip(&language.typed) {
            let mut at = 0;
            for token in &typed.tokens {
                assert!(token.start == at && token.end > at, "tokens tile");
                at = token.end;
            }
            assert_eq!((at, typed.tokens.len()), (unit.bytes.len(), typed.fields.len()));
        }
    }
}

/// A count of elements of six bytes that one message says wrong, the place of a mark behind them, and two floats; with a tail of any length,
/// so that the place says no length, or without.
fn measured(tail: bool) -> Vec<(Peer, Vec<u8>)> {
    let mut seed = 11;
    let mut turns = Vec::new();
    for number in 0..120_u16 {
        let count = 1 + dice(&mut seed) % 6;
        let mut bytes = vec![0x33, count, 0, 0];
        bytes.extend((20.0 + f32::from(dice(&mut seed)) / 16.0).to_be_bytes());
        bytes.extend((-3.0 - f64::from(dice(&mut seed)) / 7.0).to_be_bytes());
        bytes.extend((0..usize::from(count) * 6).map(|_| dice(&mut seed) | 1));
        let place = u16::try_from(bytes.len()).unwrap();
        bytes[2..4].copy_from_slice(&place.to_be_bytes());
        bytes.extend([0xfa, 0xce, 0x10, 0x20]);
        let more = if tail { dice(&mut seed) % 9 } else { 0 };
        bytes.extend((0..more).map(|_| dice(&mut seed)));
        if number == 40 {
            bytes[1] += 1;
        }
        turns.push((if number % 2 == 0 { Peer::Client } else { Peer::Server }, bytes));
    }
    turns
}

#[test]
fn counts_places_and_floats_are_found_and_who_contradicts_is_named() {
    for tail in [false, true] {
        let service = service(Transport::Udp, &measured(tail));
        let language = infer(&service, &units(&service));
        let of = |kind: Kind| {
            let fields = language.header_fields.iter().filter(move |field| field.kind == kind);
            fields.map(|field| (field.location.clone(), field.evidence[0].counterexamples.clone())).collect::<Vec<_>>()
        };
        let place = |offset, size| crate::grammar::Location::Bytes { offset, size };
        let said = kinds(&language);
        assert_eq!(of(Kind::Float), [(place(4, 4), vec![]), (place(8, 8), vec![])], "{said:?}");
        if tail {
            assert_eq!(of(Kind::Offset), [(place(2, 2), vec![])], "{said:?}");
        } else {
            // The first message of the second session, of forty each.
            assert_eq!(of(Kind::Count), [(place(1, 1), vec!["m2.1".to_owned()])], "{said:?}");
        }
    }
}

#[test]
fn what_is_said_of_numbers_counts_only_messages_that_agree() {
    // A number of four bytes whose second byte is seldom not zero, behind it a great float; one message ends before that.
    let mut seed = 5;
    let turn = |number: u16| {
        let mut bytes = vec![0, u8::from(number % 60 == 1), 0, dice(&mut seed), 0xff, 0xff, 0xff, 0xff];
        bytes.extend((1.1e9 + f32::from(dice(&mut seed)) * 1e6 + f32::from(dice(&mut seed))).to_be_bytes());
        bytes.truncate(if number == 7 { 8 } else { 12 });
        (Peer::Client, bytes)
    };
    let service = service(Transport::Udp, &(0..120).map(turn).collect::<Vec<_>>());
    let language = infer(&service, &units(&service));
    let said = |detector: &str| {
        let grounds =
            language.header_fields.iter().chain(language.types.iter().flat_map(|kind| &kind.fields)).flat_map(|field| &field.evidence);
        let said: Vec<_> =
            grounds.filter(|ground| ground.detector == detector).map(|ground| (ground.statement.clone(), ground.messages)).collect();
        said
    };
    let number = "Bytes 0 to 3 are taken for one number: in at least 118 of 120 messages its high bytes are zero.";
    assert_eq!(said("high_bytes"), [(number.to_owned(), Some(120))]);
    let float = "Bytes 8 to 11 are floats of 32 bits: 119 of 119 are zero, or in size at least 2^-20 and less than 2^31.";
    assert_eq!(said("float"), [(float.to_owned(), Some(119))]);
}

#[test]
fn a_length_that_leads_along_the_stream_cuts_it() {
    // Two messages in most turns, one in some.
    let turns: Vec<(Peer, Vec<u8>)> = forged(true)
        .chunks(5)
        .flat_map(|five| {
            let more = if five[0].1[4] % 4 == 0 { Vec::new() } else { five[2].1.clone() };
            [(Peer::Client, [five[0].1.clone(), more].concat()), (Peer::Server, five[1].1.clone())]
        })
        .collect();
    let service = service(Transport::Tcp, &turns);
    let framing = framing(&service, Some(Peer::Client)).unwrap();
    assert_eq!((framing.kind, framing.length_addend), (FramingKind::LengthPrefix, Some(8)));
    for turn in service.sessions.iter().flat_map(|seen| &seen.turns).filter(|turn| turn.from == Peer::Client) {
        let single = if turn.bytes[4] % 4 == 0 { 1 } else { 2 };
        assert_eq!(cut(&framing, &turn.bytes).len(), single);
    }
}

#[test]
fn lengths_of_ber_lead_along_the_stream() {
    let mut seed = 5;
    let mut message = || {
        let number = [2, 1, dice(&mut seed)];
        let text = vec![b'a' + dice(&mut seed) % 26; 1 + usize::from(dice(&mut seed))];
        let length = |length: usize| {
            if length < 128 {
                vec![u8::try_from(length).unwrap()]
            } else {
                vec![0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 255).unwrap()]
            }
        };
        let inside = [&number[..], &[4], &length(text.len()), &text].concat();
        [&[0x30][..], &length(inside.len()), &inside].concat()
    };
    let turns: Vec<(Peer, Vec<u8>)> = (0..160).map(|turn| (if turn % 2 == 0 { Peer::Client } else { Peer::Server }, message())).collect();
    let service = service(Transport::Tcp, &turns);
    let framing = framing(&service, Some(Peer::Client)).unwrap();
    assert_eq!((framing.length_form, framing.length_addend), (Some(LengthForm::Ber), Some(2)));
    let both = [turns[0].1.clone(), turns[2].1.clone(), turns[4].1.clone()];
    let ends = both.iter().scan(0, |end, message| {
        *end += message.len();
        Some(*end)
    });
    assert_eq!(cut(&framing, &both.concat()), ends.collect::<Vec<_>>());
    let language = infer(&service, &units(&service));
    let text = |typed: &super::super::Typed| typed.tokens.iter().any(|token| token.kind == Kind::String.name());
    assert!(language.typed.iter().filter(|typed| text(typed)).count() > 150, "what is inside is found");
}

#[test]
fn a_part_is_found_that_bits_of_the_header_size_and_links_of_half_a_byte_behind_it() {
    let mut seed = 3;
    let mut turns = Vec::new();
    for number in 0..100_u16 {
        let token: Vec<u8> = (0..dice(&mut seed) % 4 * 2).map(|_| dice(&mut seed) | 0x80).collect();
        for (from, kind) in [(Peer::Client, 1), (Peer::Server, 0x45)] {
            let mut bytes = vec![0x40 | u8::try_from(token.len()).unwrap(), kind];
            bytes.extend((number * 77).to_be_bytes());
            bytes.extend(&token);
            let mut link = |step: u8, least: u8| {
                let length = least + dice(&mut seed) % 8;
                bytes.push(step << 4 | length);
                bytes.extend((0..length).map(|_| b'a' + dice(&mut seed) % 26));
            };
            link(11, 2);
            if kind == 1 {
                link(0, 3);
                link(4, 1);
            } else {
                bytes.extend(b"\xffan answer");
            }
            turns.push((from, bytes));
        }
    }
    let service = service(Transport::Udp, &turns);
    let language = infer(&service, &units(&service));
    let size = crate::grammar::Location::Bits { offset_bits: 4, size_bits: 4 };
    let sized = language.header_fields.iter().find(|field| field.location == size).unwrap();
    let token = |field: &&crate::grammar::Field| matches!(&field.location, crate::grammar::Location::After { size_from, .. } if size_from.as_ref() == Some(&sized.id));
    assert_eq!(language.header_fields.iter().find(token).unwrap().kind, Kind::Echo, "answers repeat it");
    assert_eq!(language.header_fields.last().unwrap().inside, Some(crate::grammar::Inside::Deltas));
    for (unit, typed) in units(&service).iter().zip(&language.typed) {
        let strings = typed.tokens.iter().filter(|token| token.kind == Kind::String.name() && token.end - token.start > 2).count();
        assert!(strings >= 1 && typed.tokens.iter().all(|token| token.kind != Kind::Opaque.name()), "{unit:?} {typed:?}");
    }
}

#[test]
fn random_streams_have_no_framing_and_no_columns() {
    let mut seed = 99;
    let turns: Vec<(Peer, Vec<u8>)> = (0..600)
        .map(|turn| {
            let length = 30 + usize::from(dice(&mut seed) % 90);
            (if turn % 2 == 0 { Peer::Client } else { Peer::Server }, (0..length).map(|_| dice(&mut seed)).collect())
        })
        .collect();
    let service = service(Transport::Tcp, &turns);
    assert_eq!(framing(&service, Some(Peer::Client)), None);
    let language = infer(&service, &units(&service));
    assert!(language.typed.iter().all(|typed| typed.tokens.len() == 1));
    assert!(language.relations.is_empty());
}

#[test]
fn few_or_empty_messages_are_no_trouble() {
    for turns in [vec![], vec![(Peer::Client, vec![1])], vec![(Peer::Server, vec![0; 5000]), (Peer::Client, vec![255; 3])]] {
        let service = service(Transport::Udp, &turns);
        assert_eq!(infer(&service, &units(&service)).typed.len(), turns.len());
    }
}

#[test]
fn a_chain_has_but_so_many_links_though_they_be_zeros() {
    let tags = chain::ANY_TAGS;
    let zeros = |count: usize, last: &[u8]| [vec![0; count], last.to_vec()].concat();
    assert_eq!(chain::links(tags, &zeros(4, &[7, 1, 9])).map(|links| links.len()), Some(5));
    assert_eq!(chain::links(tags, &[&[7, 1, 9][..], &zeros(4000, &[])].concat()).map(|links| links.len()), Some(2));
    assert_eq!(chain::links(tags, &zeros(4000, &[7, 1, 9])), None);
}
