//! Cuts, order and repetition do not show in exchanges, and nothing that is sent makes the program stop or tell a secret.

use crate::draw::cases;
use crate::draw::cuts;
use crate::draw::isns;
use crate::draw::order;
use crate::draw::shuffled;
use crate::reference::hex;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::into_sink;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::talk::Step;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Packet;
use crate::support::wire::Talk;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::report::Sink;
use proptest::prelude::*;
use std::io;

/// What stands for every secret of the dialogue.
const SECRET: &str = "g3he1m";

/// A scan's life on one connection, with all ways to frame a body.
const LIFE: &str = r#"
C: POST /session HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n{"username":"u","password":"g3he1m"}\n
S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"token":"g3he1m"}
C: POST /scans HTTP/1.1\r\nX-Cookie: token=g3he1m\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"uuid":"abc","se\r\n38;x\r\nttings":{"name":"n","text_targets":"10.0.0.1"},"credenti\r\n2a\r\nals":{"add":{"Host":{"SSH":["g3he1m"]}}}} \r\n0\r\n\r\n
S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"scan":\r\n
S: b\r\n{"id":75}}\n\r\n0\r\nTrailer: t\r\n\r\n
C: POST /scans/75/launch HTTP/1.1\r\nX-Cookie: token=g3he1m\r\nX-KL-kfa-Ajax-Request: Ajax_Request\r\nContent-Length: 0\r\n\r\nGET /scans/75 HTTP/1.1\r\nX-Cookie: token=g3he1m\r\nContent-Length: 4\r\n\r\nnull
S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{"info":{"status":"running","name":"n"},"hosts":[{},{},{}]}\n
C: GET /tokens/g3he1m/download HTTP/1.1\r\nX-Cookie: token=g3he1m\r\n\r\n
S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/xml\r\n\r\n<NessusClientData_v2><Report name="n"><ReportHost name="h"><ReportItem severity="4"/></ReportHost></Report></NessusClientData_v2>
"#;

/// What is said of exchanges, without times, and of messages.
#[derive(Debug, Default, PartialEq)]
struct Told(Vec<String>, Vec<String>);

impl Sink for Told {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match &event.kind {
            EventKind::ExchangeDecoded(exchange) => {
                let bodies = (&exchange.request_body, &exchange.response_body);
                let what = (exchange.number, &exchange.method, &exchange.path, &exchange.operation, &exchange.scan_id, exchange.status);
                self.0.push(format!("{what:?} {bodies:?} {:?} {:?}", exchange.fields, exchange.notes));
            }
            EventKind::MessageDecoded(message) => {
                let said = message.annotation;
                self.1.push(format!("{:?} {} {:?} {:?} {:?}", message.from, said.name, said.span, said.tokens, said.fields));
            }
            EventKind::AnomalyFound(anomaly) => self.0.push(format!("{anomaly:?}")),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        // What the two sides say is compared side by side.
        self.1.sort();
        self.0.sort();
        Ok(())
    }
}

fn told(packets: &[Packet]) -> Told {
    let mut told = Told::default();
    into_sink(&mut memory(&captured(Net::v4(8834).frames(packets), 100)), &Limits::default(), false, &mut told);
    told
}

fn life() -> Vec<Step> {
    talk(LIFE)
}

#[test]
fn the_dialogue_is_what_it_should_be() {
    let Told(exchanges, messages) = told(&Talk::whole([1, 2], &life(), &[1460]).packets);
    assert_eq!((exchanges.len(), messages.len()), (5, 10), "{exchanges:#?}");
    let all = exchanges.join("\n");
    for wanted in ["scan.create", "Some(\"75\")", "credential_kinds", "complete: true", "\"critical\", value: Count(1)"] {
        assert!(all.contains(wanted), "{wanted} is not in {all}");
    }
    assert!(!all.contains("Undecodable") && !all.contains("complete: false"), "{all}");
}

/// Pieces of the dialogue and odd bytes, in any order.
fn odd() -> impl Strategy<Value = Vec<Step>> {
    let lines: Vec<Vec<u8>> =
        life().iter().flat_map(|step| step.bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec)).collect();
    let peer = || prop_oneof![Just(Peer::Client), Just(Peer::Server)];
    let bytes = proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"\r\n {}[]:\",0aHTP/1.".to_vec())], 1..60);
    let step = prop_oneof![
        3 => proptest::sample::select(life()),
        3 => (peer(), proptest::sample::select(lines)).prop_map(|(from, bytes)| Step { from, bytes }),
        1 => (peer(), bytes).prop_map(|(from, bytes)| Step { from, bytes }),
    ];
    let begin = Step { from: Peer::Client, bytes: b"GET /nessus6.js HTTP/1.1\r\nX-Cookie: token=\r\n\r\n".to_vec() };
    proptest::collection::vec(step, 1..16).prop_map(move |steps| [vec![begin.clone()], steps].concat())
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn cuts_do_not_show(isns in isns(), cuts in cuts()) {
        let want = told(&Talk::whole([1, 2], &life(), &[1460]).packets);
        prop_assert_eq!(want, told(&Talk::whole(isns, &life(), &cuts).packets));
    }

    #[test]
    fn order_and_repetition_do_not_show(isns in isns(), cuts in cuts(), order in order(4)) {
        let mut want = told(&Talk::whole([1, 2], &life(), &[1460]).packets);
        let packets = Talk::whole(isns, &life(), &cuts).packets;
        let Told(mut exchanges, messages) = told(&shuffled(&packets, &order, 4));
        // Whether a request came before the response to the one before it is what an order says.
        let forget = |said: &mut String| *said = said.replace("\"pipelined\", ", "").replace("\"pipelined\"", "");
        exchanges.iter_mut().chain(&mut want.0).for_each(forget);
        prop_assert_eq!(want.0, exchanges);
        prop_assert_eq!(want.1, messages);
    }

    #[test]
    fn cuts_of_odd_dialogues_do_not_show(steps in odd(), cuts in cuts()) {
        let Told(_, want) = told(&Talk::whole([1, 2], &steps, &[1460]).packets);
        let Told(_, found) = told(&Talk::whole([1, 2], &steps, &cuts).packets);
        prop_assert_eq!(want, found);
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn no_secret_is_told_whatever_is_lost(
        cuts in cuts(),
        order in order(3),
        lost in proptest::collection::vec(3_usize..100, 0..5),
        midway: bool,
    ) {
        let mut packets = shuffled(&Talk::whole([1, 2], &life(), &cuts).packets, &order, 3);
        for index in lost {
            if index < packets.len() {
                packets.remove(index);
            }
        }
        if midway {
            packets.drain(..3);
        }
        let frames = captured(Net::v4(8834).frames(&packets), 400_000);
        let said = text(&mut memory(&frames), "jsonl", &loud(), false);
        let hex = hex(SECRET);
        prop_assert!(!said.contains(SECRET), "{}", said);
        prop_assert!(!said.contains(&hex), "{}", said);
        let table = text(&mut memory(&frames), "table", &loud(), false);
        prop_assert!(!table.contains(SECRET), "{}", table);
    }
}

/// Logins in batches of these sizes, each sent before the first answer to it; every second one is refused. In a segment each.
fn logins(batches: &[usize]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut next = 0;
    for batch in batches {
        let users = next..next + batch;
        next += batch;
        for user in users.clone() {
            let body = format!("username=u{user:03}&password=x");
            let head = "POST /session HTTP/1.1\r\nX-Cookie: token=\r\nContent-Type: application/x-www-form-urlencoded";
            let bytes = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
            steps.push(Step { from: Peer::Client, bytes });
        }
        for user in users {
            let status = if user % 2 == 0 { "200 OK" } else { "401 Unauthorized" };
            let bytes = format!("HTTP/1.1 {status}\r\nServer: NessusWWW\r\nContent-Length: 40\r\n\r\n{}", " ".repeat(40)).into_bytes();
            steps.push(Step { from: Peer::Server, bytes });
        }
    }
    steps
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_login_is_judged_wrongly_whatever_is_lost(
        batches in proptest::collection::vec(1_usize..4, 1..6),
        cuts in proptest::collection::vec(20_usize..300, 1..5),
        lost in proptest::collection::vec(3_usize..60, 0..4),
    ) {
        let mut packets = Talk::whole([1, 2], &logins(&batches), &cuts).packets;
        let mut lost = lost;
        lost.sort_unstable();
        for index in lost.into_iter().rev() {
            if index < packets.len() {
                packets.remove(index);
            }
        }
        let frames = captured(Net::v4(8834).frames(&packets), 1000);
        let said = text(&mut memory(&frames), "jsonl", &loud(), false);
        for record in said.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
            if let ("login_judged", Some(user)) = (record["event"].as_str().unwrap(), record["user"].as_str()) {
                let number = user.strip_prefix('u').and_then(|number| number.parse::<usize>().ok());
                if let Some(number) = number {
                    prop_assert_eq!(record["accepted"] == true, number % 2 == 0, "{} {:#?}", user, said);
                }
            }
        }
    }
}

/// Seconds of the processor for so many bytes of this from the client, behind a gap.
fn seconds(piece: &[u8], bytes: usize) -> f64 {
    let mut talk_ = Talk::new([1, 2]);
    talk_.handshake();
    let begin = Step { from: Peer::Client, bytes: b"GET /nessus6.js HTTP/1.1\r\nX-Cookie: token=\r\n\r\n".to_vec() };
    let noise = Step { from: Peer::Client, bytes: piece.iter().copied().cycle().take(bytes).collect() };
    talk_.say_all(&[begin, noise], &[1460]);
    let frames = captured(Net::v4(8834).frames(&talk_.packets), 100);
    let start = std::time::Instant::now();
    into_sink(&mut memory(&frames), &Limits::default(), false, &mut Told::default());
    start.elapsed().as_secs_f64()
}

#[test]
fn cost_is_linear_whatever_is_sent() {
    for piece in [
        &b"HTTP/1.1\r"[..],
        b"GET a HTTP/1.1\r",
        b"GET a HTTP/1.1\n\n",
        b"GET a HTTP/1.1\r\nno header\r\n\r\n",
        b"\n",
        b"x",
        b"POST a HTTP/1.1\nTransfer-Encoding:chunked\n\n0\n\n",
    ] {
        let (small, large) = (seconds(piece, 200_000).max(0.02), seconds(piece, 1_600_000));
        assert!(large < small * 40.0, "{}: {small} s, then {large} s for eight times as much", piece.escape_ascii());
    }
}
