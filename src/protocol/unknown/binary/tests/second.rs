//! Types that several fields tell, counters with bits, tags of two bytes, texts up to a zero.

use super::*;

/// Names of all types, and where the tokens of the messages that fit begin.
fn inferred(turns: &[(Peer, Vec<u8>)], fits: impl Fn(&[u8]) -> bool) -> (Vec<String>, Vec<Vec<usize>>) {
    let service = service(Transport::Udp, turns);
    let (units, language) = (units(&service), infer(&service, &units(&service)));
    let edges = units.iter().zip(&language.typed).filter(|(unit, _)| fits(unit.bytes));
    let edges = edges.map(|(_, typed)| typed.tokens.iter().map(|token| token.start).collect()).collect();
    let mut names: Vec<String> = language.types.iter().map(|kind| kind.name.clone()).collect();
    names.sort();
    (names, edges)
}

#[test]
fn a_field_that_says_how_the_rest_is_read_is_told_apart_by_others() {
    let mut seed = 3;
    let mut turns = Vec::new();
    for number in 0..400_u32 {
        let (class, method) = ([10, 20, 50][usize::from(dice(&mut seed) % 3)], [11, 12, 13][usize::from(dice(&mut seed) % 3)]);
        // One message of ten is but a few letters.
        let body = if number % 10 == 0 {
            (0..=dice(&mut seed) % 2).map(|_| b'a' + dice(&mut seed) % 26).collect()
        } else {
            let more = (class + method * 3) % 17;
            let mut body = vec![0, class, 0, method];
            body.extend((0..more).map(|place| if place % 2 == 0 { class } else { method }));
            body.extend([dice(&mut seed) % 2]);
            body
        };
        let mut bytes = vec![if number % 10 == 0 { 2 } else { 1 }];
        bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(body);
        turns.push((if number % 2 == 0 { Peer::Client } else { Peer::Server }, bytes));
    }
    let (names, edges) = inferred(&turns, |bytes| bytes[0] == 1);
    assert!(names.contains(&"client_type_02".to_owned()) && names.contains(&"client_type_01_0a_0b".to_owned()), "{names:?}");
    assert_eq!(names.iter().filter(|name| name.starts_with("client_type_01_")).count(), 9, "{names:?}");
    assert!(edges.iter().all(|edges| edges.starts_with(&[0, 1, 5, 7]) && edges.contains(&9)), "{:?}", edges[1]);
}

#[test]
fn numbers_that_count_in_all_but_their_lowest_bits_say_the_type_with_them() {
    let mut seed = 5;
    let mut turns = Vec::new();
    for session in 0..8_u16 {
        let (mut sent, mut received) = (0_u16, 0_u16);
        for number in 0..40_u16 {
            received += u16::from(dice(&mut seed) % 2);
            let mut bytes = vec![0x68, 0];
            if number % 10 == 9 {
                bytes.extend([1, 0]);
                bytes.extend((received * 2).to_le_bytes());
            } else {
                bytes.extend((sent * 2).to_le_bytes());
                bytes.extend((received * 2).to_le_bytes());
                sent += 1;
                let kind = 1 + dice(&mut seed) % 5;
                bytes.extend([kind, 0x6e]);
                bytes.extend(vec![0x55; usize::from(kind) * 2]);
                bytes.push(dice(&mut seed) % 2 + u8::try_from(session % 2).unwrap());
            }
            bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
            turns.push((Peer::Client, bytes));
        }
    }
    let (names, edges) = inferred(&turns, |bytes| bytes.len() > 6);
    assert_eq!(names, ["client_type_00", "client_type_01"]);
    assert!(edges.iter().all(|edges| edges.starts_with(&[0, 1, 2, 4, 6])), "{edges:?}");
}

#[test]
fn tags_of_two_bytes_have_values_that_are_filled_up() {
    let mut seed = 9;
    let mut turns = Vec::new();
    for number in 0..120_u8 {
        let mut bytes = vec![0, 1 + number % 2, 0, 0];
        for tag in 0..2 + dice(&mut seed) % 3 {
            let length = 1 + dice(&mut seed) % 9;
            bytes.extend([0x80, 0x20 + tag, 0, length]);
            bytes.extend((0..length).map(|_| dice(&mut seed)));
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes[3] = u8::try_from(bytes.len() - 4).unwrap();
        turns.push((if number % 2 == 0 { Peer::Client } else { Peer::Server }, bytes));
    }
    let (_, edges) = inferred(&turns, |_| true);
    for ((_, bytes), edges) in turns.iter().zip(edges) {
        let (mut at, mut wanted) = (4, vec![0, 2]);
        while at < bytes.len() {
            let end = at + 4 + usize::from(bytes[at + 3]);
            wanted.extend([at, at + 2, at + 4]);
            at = end.next_multiple_of(4);
            wanted.extend((end < at).then_some(end));
        }
        assert_eq!(edges, wanted, "{bytes:?}");
    }
}

#[test]
fn texts_go_up_to_a_zero_and_columns_go_on_behind_them() {
    let mut seed = 13;
    let word = |seed: &mut u64| (0..4 + dice(seed) % 7).map(|_| b'a' + dice(seed) % 26).collect::<Vec<u8>>();
    let mut turns = Vec::new();
    for _ in 0..60 {
        let mut bytes = vec![0, 0x52, 0x45, 0x51];
        let body = [word(&mut seed), vec![0], word(&mut seed), vec![0, 0, 0, 0, dice(&mut seed)]].concat();
        bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(body);
        turns.push((Peer::Client, bytes));
    }
    let (_, edges) = inferred(&turns, |_| true);
    for ((_, bytes), edges) in turns.iter().zip(edges) {
        let first = 9 + bytes[8..].iter().position(|byte| *byte == 0).unwrap();
        assert_eq!(edges, [0, 4, 8, first, bytes.len() - 4], "{bytes:?}");
    }
}
