//! Law: whatever the bytes, every parser gives something or nothing, and never panics.

use super::certificate;
use super::hello;
use super::hello::ClientHello;
use super::hello::ServerHello;
use super::inflate::Inflate;
use super::ja4::ja4;
use super::keylog::line;
use super::record::Header;
use super::rsa::RsaKey;
use super::run::Messages;
use super::run::Run;
use super::run::first_certificate;
use crate::layer::recognise::record;
use proptest::prelude::*;

/// Bytes that are often a beginning of something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just(vec![]),
        Just(vec![3, 3]),
        Just(vec![0x30, 0x82, 1, 0, 0x30, 0x81]),
        Just(vec![22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]),
        Just(vec![0x80, 40, 1, 3, 0, 0, 6, 0, 0, 0, 16]),
        Just([&[3, 3][..], &[1; 32], &[0, 0, 2, 0, 0x2f, 1, 0]].concat()),
    ];
    (start, proptest::collection::vec(any::<u8>(), 0..400)).prop_map(|(start, rest)| [start, rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn hellos_are_read_or_not(bytes in bytes()) {
        if let Some(hello) = ClientHello::parse(&bytes) {
            prop_assert_eq!(ja4(&hello).split('_').count(), 3);
            hello.highest();
        }
        if let Some((_, len)) = ClientHello::parse_v2(&bytes) {
            prop_assert!(len <= bytes.len());
        }
        ServerHello::parse(&bytes);
        hello::encrypted_extensions(&bytes);
    }

    #[test]
    fn certificates_are_read_or_not(bytes in bytes()) {
        certificate::parse(&bytes);
        first_certificate(&bytes, false);
        first_certificate(&bytes, true);
    }

    #[test]
    fn keys_and_logs_are_read_or_not(bytes in bytes(), text in "(CLIENT_RANDOM|RSA|RSA Session-ID:|SERVER_TRAFFIC_SECRET_0)? ?[0-9a-f ]{0,200}") {
        line(&bytes);
        line(text.as_bytes());
        prop_assert!(RsaKey::read(&bytes).is_err());
        let pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{text}\n-----END RSA PRIVATE KEY-----\n");
        prop_assert!(RsaKey::read(pem.as_bytes()).is_err());
    }

    #[test]
    fn messages_and_records_are_read_or_not(pieces in proptest::collection::vec(bytes(), 0..5)) {
        let (mut messages, mut run) = (Messages::default(), Run::default());
        for piece in &pieces {
            if let Some(header) = Header::parse(piece) {
                prop_assert!(header.whole() <= 5 + 18_432);
            }
            let whole = record(piece, true);
            prop_assert!(whole.is_some() || piece.len() < 6, "a hello is told by its first bytes");
            let _ = record(piece, false);
            run.exchange(piece);
            Inflate::new().unpack(&mut piece.clone());
            messages.add(piece);
            while let Some((kind, raw)) = messages.next() {
                prop_assert_eq!(Some(&kind), raw.first());
            }
        }
    }
}
