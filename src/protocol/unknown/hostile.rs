//! Whatever was said: tokens tile their messages, ids resolve, nothing panics, and the same is said again.

use super::Inference;
use super::testing::Said;
use super::testing::inferred;
use super::testing::service;
use super::testing::shown;
use super::words::hex;
use crate::grammar::Encoding;
use crate::grammar::LimitationCode;
use crate::peer::Peer;
use crate::peer::Transport;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What must be seen nowhere.
const SECRET: &str = "hunter2x";
/// Ways to say it whole: each tells by itself what it is.
const SECRETS: [&str; 5] = [
    "\nPASS hunter2x\r\n",
    "password=hunter2x\n",
    "{\"token\": \"hunter2x\"}\n",
    "\x08password\x08hunter2x",
    "\x01\x00\x03bob\x08hunter2x",
];

/// Bytes as protocols like them: words, signs, counts, line ends, secrets, and anything.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => prop::sample::select(vec!["SERVER", "USER", "PASS", "220", "+OK", "get", " <|> ", " ", ": ", "\r\n", "\n", "$3\r\n", "*2\r\n", "Password: ", ".", "", "\0"]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::sample::select(SECRETS.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..40),
    ];
    vec(part, 1..12).prop_map(|parts| parts.concat())
}

fn sound(inference: &Inference<'_>) -> Result<(), TestCaseError> {
    let grammar = &inference.description.grammar;
    let fields: BTreeSet<&str> = grammar
        .header_fields
        .iter()
        .chain(grammar.message_types.iter().flat_map(|kind| &kind.fields))
        .map(|field| field.id.as_str())
        .collect();
    let types: BTreeSet<&str> = grammar.message_types.iter().map(|kind| kind.id.as_str()).collect();
    prop_assert_eq!(inference.units.len(), inference.typed.len());
    let shown = shown(inference);
    prop_assert!(!shown.contains(SECRET), "{}", shown.escape_debug());
    let described = format!("{:?} {:?}", inference.description, inference.contrasts);
    prop_assert!(!described.contains(SECRET) && !described.contains(&hex(SECRET.as_bytes())), "{described}");
    for (unit, typed) in inference.units.iter().zip(&inference.typed) {
        let mut at = 0;
        for token in &typed.tokens {
            prop_assert!(token.start == at && token.end > at, "{:?} of {:?}", typed.tokens, unit.bytes.escape_ascii().to_string());
            at = token.end;
        }
        prop_assert_eq!(at, unit.bytes.len());
        prop_assert_eq!(typed.fields.len(), typed.tokens.len());
        prop_assert!(typed.fields.iter().flatten().all(|field| fields.contains(field.as_str())), "{:?}", typed.fields);
        prop_assert!(typed.message_type.is_none_or(|index| index < grammar.message_types.len()));
    }
    for exchange in &grammar.exchanges {
        prop_assert!(types.contains(exchange.request.as_str()) && types.contains(exchange.response.as_str()));
    }
    for kind in &grammar.message_types {
        prop_assert!(kind.matches.iter().all(|found| fields.contains(found.field.as_str())));
        prop_assert!(kind.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{}", kind.name);
    }
    prop_assert!(!inference.description.limitations.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said(
        sessions in vec((1_u8..4, vec((any::<bool>(), bytes()), 0..10)), 1..4),
        udp in any::<bool>(),
    ) {
        let sessions: Vec<Said> = sessions.into_iter().map(|(host, said)| {
            let said = said.into_iter().map(|(client, bytes)| (if client { Peer::Client } else { Peer::Server }, bytes));
            (host, said.filter(|(_, bytes)| !bytes.is_empty()).collect())
        }).collect();
        let service = service(if udp { Transport::Udp } else { Transport::Tcp }, &sessions);
        let inference = inferred(&service);
        sound(&inference)?;
        prop_assert_eq!(&inference.description, &inferred(&service).description);
    }
}

#[test]
fn a_password_is_hidden_in_a_line_where_zero_bytes_end_messages() {
    let service = service(
        Transport::Tcp,
        &[(1, vec![(Peer::Client, b"\0".to_vec())]), (1, vec![(Peer::Client, b"+OK\nPASS hunter2x\r\nSERVER".to_vec())])],
    );
    sound(&inferred(&service)).unwrap();
}

/// Bytes without any order, the same every time.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = state;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u8::try_from((value ^ (value >> 31)) & 0xff).unwrap()
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn noise_has_no_structure() {
    for transport in [Transport::Tcp, Transport::Udp] {
        let said = (0..200).map(|turn| {
            (if turn % 2 == 0 { Peer::Client } else { Peer::Server }, noise(turn, 20 + usize::try_from(turn * 7 % 100).unwrap()))
        });
        let service = service(transport, &[(1, said.collect())]);
        let inference = inferred(&service);
        let description = &inference.description;
        assert_eq!(description.encoding, Encoding::EncryptedOrCompressed);
        assert!(description.limitations.iter().any(|limitation| limitation.code == LimitationCode::Encrypted));
        let grammar = &description.grammar;
        assert!(
            grammar.keywords.is_empty()
                && grammar.delimiters.is_empty()
                && grammar.terminators.is_empty()
                && grammar.message_types.is_empty()
        );
        assert!(inference.typed.iter().all(|typed| typed.tokens.len() == 1), "no boundary in noise");
    }
}

#[test]
fn little_is_said_to_be_little() {
    let service = service(Transport::Tcp, &[(1, vec![(Peer::Client, b"hi".to_vec())])]);
    let codes: Vec<LimitationCode> = inferred(&service).description.limitations.iter().map(|limitation| limitation.code).collect();
    for code in [LimitationCode::FewMessages, LimitationCode::FewSessions, LimitationCode::OneClient, LimitationCode::OneDirection] {
        assert!(codes.contains(&code), "{code:?}: {codes:?}");
    }
}

#[test]
fn nothing_is_nothing() {
    let service = service(Transport::Tcp, &[]);
    let inference = inferred(&service);
    assert!(inference.units.is_empty() && inference.description.grammar.state_machine.is_none());
}
