//! Laws: a search costs no more than its budget, and finds what is there.

use super::*;
use crate::layer::tls::suite::suite;
use std::time::Duration;
use std::time::Instant;

fn opener(id: u16) -> Opener {
    let suite = suite(id).unwrap();
    let some = |len: usize| Zeroizing::new(vec![7; len]);
    let keys = Keys { mac: some(20), key: some(suite.algorithm.key_bytes()), iv: some(16) };
    Opener::new(suite, 1, false, keys).unwrap()
}

/// A forged sequence number makes a hole of gigabytes: searching it once took seconds, and for RC4 no end was in sight.
#[test]
fn a_hole_of_any_size_costs_no_more_than_the_budget() {
    // RC4, 3DES, AES, AES-GCM and ChaCha20.
    for id in [0x0005, 0x000a, 0x002f, 0x009c, 0xcca8] {
        for lost in [1 << 14, 1 << 24, 1 << 40, u64::MAX] {
            let (mut opener, mut budget, mut plain) = (opener(id), 4 << 20, Vec::new());
            let place = Place { lost, least: lost.div_ceil(18_437), before: &[9; 16] };
            let body = [5; 64];
            let header = Header::parse(&[23, 3, 1, 0, 64]).unwrap();
            let begun = Instant::now();
            assert_eq!(opener.resume(&place, header, &body, &mut plain, &mut budget), None);
            assert!(begun.elapsed() < Duration::from_secs(5), "{id:#06x} {lost}: {:?}", begun.elapsed());
            assert_eq!(opener.seq(), 0, "nothing changed");
        }
    }
}

/// A record behind lost ones is found, whatever is between.
#[test]
fn a_stream_goes_on_where_it_would_have_been() {
    let mut sender = opener(0x0005);
    let Kind::Stream(mac, Some(stream)) = &mut sender.kind else { panic!("RC4") };
    let mut records = Vec::new();
    for (seq, text) in (0_u64..).zip(["first", "the second is lost", "and this one, too", "the last"]) {
        let len = u8::try_from(text.len()).unwrap();
        let mac = mac.hash.hmac(&mac.key, &[&seq.to_be_bytes(), &[23, 3, 1, 0, len], text.as_bytes()]);
        let mut body = [text.as_bytes(), mac.bytes()].concat();
        stream.apply(&mut body);
        records.push((Header::parse(&[23, 3, 1, 0, len + 20]).unwrap(), body));
    }
    let (mut receiver, mut plain, mut budget) = (opener(0x0005), Vec::new(), 1 << 20);
    assert!(receiver.open(records[0].0, &records[0].1, &mut plain).is_some());
    assert_eq!(plain, b"first");
    assert_eq!(receiver.open(records[3].0, &records[3].1, &mut plain), None, "not the next one");
    let lost = u64::try_from(records[1].0.whole() + records[2].0.whole()).unwrap();
    let place = Place { lost, least: 1, before: &[] };
    let found = receiver.resume(&place, records[3].0, &records[3].1, &mut plain, &mut budget).unwrap();
    assert_eq!((found, plain.as_slice()), (Opened { kind: 23, seq: 3 }, &b"the last"[..]));
}
