//! A probe that said yes or no says the same of every longer opening.

use crate::draw::cases;
use crate::support::dialogues;
use crate::support::talk::stream;
use ntp_sniff::peer::Peer;
use ntp_sniff::protocol::Opening;
use ntp_sniff::protocol::PROTOCOLS;
use ntp_sniff::protocol::Probe;
use proptest::prelude::*;

/// What one side of a connection may begin with, in this or another protocol.
fn beginning() -> impl Strategy<Value = Vec<u8>> {
    let hello = b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03".iter().copied().chain([7; 41]).collect::<Vec<u8>>();
    let answer = b"\x16\x03\x03\x00\x2f\x02\x00\x00\x2b\x03\x03".iter().copied().chain([9; 41]).collect::<Vec<u8>>();
    let old_hello = b"\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10\x01\x00\x80\x00\x00\x05".to_vec();
    let records = [&hello[..], b"\x17\x03\x03\x00\x02ab", b"\x15\x03\x03\x00\x02\x01\x00"].concat();
    let fixed = vec![
        hello,
        answer,
        old_hello,
        records,
        b"\x15\x03\x01\x00\x02\x02\x28".to_vec(),
        b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\n\r\nUser : Password : ".to_vec(),
        b"SSH-2.0-OpenSSH_9.7\r\n".to_vec(),
        b"SCANNER_LOADING <|> 10 <|> 20\n".to_vec(),
        b"Bad login attempt !!\n".to_vec(),
        b"s:p:10.0.0.1:1:2x\ns:p:10.0.0.1:1:2\n".to_vec(),
        b"SERVER <|> STATX <|> 1\nSERVER <|> STATUS <|> 10.0.0.1 <|> portscan <|> 1/2 <|> SERVER\n".to_vec(),
        b"10330 <|> 0123456789abcdef0123456789abcdef0\n10331 <|> 0123456789abcdef0123456789abcdef\n".to_vec(),
        [vec![b'x'; 4200], b"\nSERVER <|> PREFERENCES <|>\nmax_hosts <|> 2\n<|> SERVER\n".to_vec()].concat(),
    ];
    let talks =
        dialogues::all().into_iter().flat_map(|steps| [stream(&steps, Peer::Client), stream(&steps, Peer::Server)]).collect::<Vec<_>>();
    let pieces = dialogues::all().concat().into_iter().map(|step| step.bytes).collect::<Vec<_>>();
    prop_oneof![
        1 => Just(Vec::new()),
        3 => proptest::sample::select(fixed),
        2 => proptest::sample::select(talks),
        2 => proptest::collection::vec(proptest::sample::select(pieces), 1..6).prop_map(|pieces| pieces.concat()),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => proptest::collection::vec(proptest::sample::select(b"<|> \nSERVCLIENT:sp12.".to_vec()), 0..200),
    ]
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn a_yes_or_no_is_final(
        client in beginning(),
        server in beginning(),
        steps in proptest::collection::vec((any::<bool>(), prop_oneof![Just(1_usize), 1_usize..40, Just(5000)]), 1..120),
        whole: bool,
        hinted: bool,
    ) {
        for protocol in PROTOCOLS {
            let mut shown = [0_usize; 2];
            let mut said = Probe::NeedMore;
            for (who, by) in &steps {
                let (side, most) = if *who { (0, client.len()) } else { (1, server.len()) };
                shown[side] = (shown[side] + by).min(most);
                let opening = Opening { client: &client[..shown[0]], server: &server[..shown[1]], whole, hinted };
                let says = protocol.probe(&opening);
                let same = match (said, says) {
                    (Probe::NeedMore, _) | (Probe::NoMatch, Probe::NoMatch) | (Probe::Match { .. }, Probe::Match { .. }) => true,
                    (Probe::NoMatch | Probe::Match { .. }, _) => false,
                };
                prop_assert!(same, "{} said {said:?}, then {says:?} of {:?} and {:?}", protocol.id(),
                    opening.client.escape_ascii().to_string(), opening.server.escape_ascii().to_string());
                if !matches!(says, Probe::NeedMore) {
                    said = says;
                }
            }
        }
    }
}
