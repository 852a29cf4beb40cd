//! The captures of the project are what their manifest says: complete, small, reproducible where forged, and showing what they are named for.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use ntp_sniff::capture::files::Files;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use support::capture::Captured;
use support::capture::RAW;
use support::capture::captured;
use support::capture::pcap;
use support::capture::pcapng;
use support::collect::Collector;
use support::collect::collect;
use support::collect::loud;
use support::collect::text;
use support::talk::Step;
use support::talk::bytes;
use support::talk::talk;
use support::wire::ACK;
use support::wire::FIN;
use support::wire::Net;
use support::wire::SYN;
use support::wire::Talk;

/// The most bytes a capture may have.
const MOST_BYTES: u64 = 120_000;

/// Microseconds between frames: slow enough for the reader of a timeline, and for holes to be given up on the way.
const STEP: i64 = 250_000;

const ISNS: [u32; 2] = [u32::MAX - 20, 3_000_000_000];

const LOGIN: &str = r"
C: < NTP/1.2 >< plugins_version >\n
S: < NTP/1.2 >\nUser :\x20
C: anna\n
S: Password :\x20
C: not-a-real-password\n
S: SERVER <|> PLUGIN_LIST <|>\n
S: 10001 <|> Services <|> infos <|> (C) lab <|> Finds out what listens <|> Finds services <|> Misc. <|> 1.1\n
S: 10002 <|> TCP scan <|> scanner <|> (C) lab <|> Knocks at every port <|> Knocks <|> Port scanners <|> 1.2\n
S: 10003 <|> Banner <|> infos <|> (C) lab <|> Reads the greeting <|> Reads <|> Misc. <|> 1.3\n
S: <|> SERVER\n
S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 16\n<|> SERVER\n
S: SERVER <|> RULES <|>\n<|> SERVER\n
";

/// Frames of a whole conversation on this net.
fn whole(net: &Net, text: &str, cuts: &[usize]) -> Vec<Captured> {
    captured(net.frames(&Talk::whole(ISNS, &talk(text), cuts).packets), STEP)
}

/// A conversation after the handshake, still open.
fn open(text: &str) -> Talk {
    let mut talking = Talk::new(ISNS);
    talking.handshake();
    talking.say_all(&talk(text), &[1460]);
    talking
}

fn on_1241(talking: &Talk) -> Vec<u8> {
    pcap(&captured(Net::v4(1241).frames(&talking.packets), STEP))
}

/// The login without the frames that carry this text.
fn without(lost: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut talking = Talk::whole(ISNS, &talk(LOGIN), cuts);
    let before = talking.packets.len();
    talking.packets.retain(|packet| !packet.payload.windows(lost.len()).any(|part| part == lost));
    assert_eq!(talking.packets.len() + 1, before, "one frame is lost");
    on_1241(&talking)
}

fn overlap_differs() -> Vec<u8> {
    let mut talking = open(LOGIN);
    let steps = talk(LOGIN);
    let server = support::talk::stream(&steps, Peer::Server);
    let mut forged = server[..40].to_vec();
    forged[2..6].copy_from_slice(b"XYZ!");
    talking.send_at(Peer::Server, 0, &forged);
    talking.close();
    on_1241(&talking)
}

fn data_after_fin() -> Vec<u8> {
    let mut talking = open(LOGIN);
    talking.send(Peer::Client, FIN | ACK, &[]);
    talking.send(Peer::Client, ACK, b"CLIENT <|> SESSIONS_LIST <|> CLIENT\n");
    talking.send(Peer::Server, FIN | ACK, &[]);
    on_1241(&talking)
}

fn endless_line() -> Vec<u8> {
    let mut talking = open(LOGIN);
    let line = Step { from: Peer::Client, bytes: vec![b'A'; 30_000] };
    talking.say_all(&[line], &[1460]);
    on_1241(&talking)
}

/// A `ClientHello` with a server name, a `ServerHello`, an alert, and bytes nobody can read.
fn tls_on_1241() -> Vec<u8> {
    let name = b"scanner.lab.example";
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let list = [&[0][..], &length(name), name].concat();
    let sni = [&length(&list)[..], &list].concat();
    let extension = [&[0, 0][..], &length(&sni), &sni].concat();
    let suites = [0, 4, 0, 0x0a, 0, 0x05, 1, 0];
    let hello = [&[3, 1][..], &[0x11; 32], &[0], &suites, &length(&extension), &extension].concat();
    let answer = [&[3, 1][..], &[0x22; 32], &[0, 0, 0x0a, 0]].concat();
    let handshake = |kind: u8, body: &[u8]| {
        let message = [&[kind, 0][..], &length(body), body].concat();
        [&[22, 3, 1][..], &length(&message), &message].concat()
    };
    let mut talking = Talk::new(ISNS);
    talking.handshake();
    let step = |from, bytes| Step { from, bytes };
    let sealed = [&[23, 3, 1, 0, 32][..], &[0x5a; 32]].concat();
    talking.say_all(
        &[step(Peer::Client, handshake(1, &hello)), step(Peer::Server, handshake(2, &answer)), step(Peer::Client, sealed)],
        &[1460],
    );
    talking.close();
    on_1241(&talking)
}

fn on_8834(talking: &Talk) -> Vec<u8> {
    pcap(&captured(Net::v4(8834).frames(&talking.packets), STEP))
}

/// A part of a body is lost, another one never comes, and the last request has no answer.
fn nessus_api_trouble() -> Vec<u8> {
    let [begin, end, last] = support::api::trouble();
    let mut talking = Talk::new(ISNS);
    talking.handshake();
    talking.say_all(&begin, &[1460]);
    talking.lose(Peer::Server, 28);
    talking.say_all(&[end, last].concat(), &[1460]);
    talking.close();
    on_8834(&talking)
}

/// HTTP/2 without TLS: a preface, settings, two requests, an answer; the packed headers are made up.
fn nessus_api_http2() -> Vec<u8> {
    let frame =
        |kind: u8, stream: u8, body: &[u8]| [&[0, 0, u8::try_from(body.len()).unwrap(), kind, 4, 0, 0, 0, stream][..], body].concat();
    let client =
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, b""), frame(1, 1, &[0x82; 5]), frame(1, 3, &[0x82; 5])].concat();
    let server = [frame(4, 0, b""), frame(1, 1, &[0x88]), frame(0, 1, b"{}")].concat();
    let steps = [Step { from: Peer::Client, bytes: client }, Step { from: Peer::Server, bytes: server }];
    on_8834(&Talk::whole(ISNS, &steps, &[1460]))
}

fn joined_midway() -> Vec<u8> {
    let mut talking = Talk::whole(ISNS, &talk(LOGIN), &[60]);
    // From the middle of a plugin record on.
    let start = talking.packets.iter().position(|packet| packet.payload.windows(8).any(|part| part == b"TCP scan")).unwrap();
    talking.packets.drain(..=start);
    on_1241(&talking)
}

fn port_reuse() -> Vec<u8> {
    let mut first = Talk::new([100, 200]);
    first.handshake();
    first.say_all(&talk(LOGIN)[..3], &[1460]);
    let second = Talk::whole([5_000_000, 6_000_000], &talk(LOGIN), &[1460]);
    first.packets.extend(second.packets);
    on_1241(&first)
}

/// The client's frames on Ethernet, the server's as bare IP packets.
fn ns_pcapng_two_links() -> Vec<u8> {
    let packets = Talk::whole(ISNS, &talk(LOGIN), &[1460]).packets;
    let mut frames = captured(Net::v4(1241).frames(&packets), STEP);
    for (frame, packet) in frames.iter_mut().zip(&packets) {
        if packet.from == Peer::Server {
            frame.link_type = RAW;
            frame.bytes.drain(..14);
            frame.wire_len -= 14;
        }
    }
    pcapng(&frames)
}

fn cut_mid_record() -> Vec<u8> {
    let mut file = pcap(&whole(&Net::v4(1241), LOGIN, &[1460]));
    file.truncate(file.len() - 30);
    file
}

const HTTP: &str = r"
C: GET /index.html HTTP/1.1\r\nHost: lab.example\r\n\r\n
S: HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nUser :
";

const LATIN1: &str = r"
C: < NTP/1.2 >\n
S: < NTP/1.2 >\n
S: SERVER <|> PLUGIN_LIST <|>\n10001 <|> Pr\xfcft Gr\xfc\xdfe <|> infos <|> \xa9 lab <|> d\xe9j\xe0 vu <|> \xbfqu\xe9? <|> Misc.\n<|> SERVER\n
";

const ANSI: &str = r#"
C: < NTP/1.2 >\n
S: < NTP/1.2 >\n
S: SERVER <|> PLUGIN_LIST <|>\n10001 <|> \x1b[2J\x1b[31mred \x1b]0;title\x07 <|> infos <|> <script>alert(1)</script> <|> \xe2\x80\xaetxt.exe \xc2\x9b1m <|> "quoted" \\ & <b> <|> tab\x09bell\x07back\x08\n<|> SERVER\n
"#;

/// Every forged capture, by name.
fn forged() -> Vec<(&'static str, Vec<u8>)> {
    let v4 = Net::v4(1241);
    let odd = Net { vlans: vec![10, 20], trailer: 8, ..Net::v6(1241) };
    vec![
        ("ansi_escapes.pcap", pcap(&whole(&v4, ANSI, &[1460]))),
        ("cut_mid_record.pcap", cut_mid_record()),
        ("data_after_fin.pcap", data_after_fin()),
        ("endless_line.pcap", endless_line()),
        ("gap_in_block.pcap", without(b"Knocks at", &[40])),
        ("http_on_1241.pcap", pcap(&whole(&v4, HTTP, &[1460]))),
        ("joined_midway.pcap", joined_midway()),
        ("latin1.pcap", pcap(&whole(&v4, LATIN1, &[1460]))),
        ("login_split.pcap", pcap(&whole(&v4, LOGIN, &[1]))),
        ("lost_password.pcap", without(b"not-a-real", &[10])),
        ("nessus_api.pcap", on_8834(&Talk::whole(ISNS, &support::api::life(), &[300]))),
        ("nessus_api_http2.pcap", nessus_api_http2()),
        ("nessus_api_trouble.pcap", nessus_api_trouble()),
        ("ns_pcapng_two_links.pcapng", ns_pcapng_two_links()),
        ("overlap_differs.pcap", overlap_differs()),
        ("padding_ipv6_vlan.pcap", pcap(&whole(&odd, LOGIN, &[1460]))),
        ("port_reuse.pcap", port_reuse()),
        ("tls_on_1241.pcap", tls_on_1241()),
    ]
}

fn path_of(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// Names of all files in the folder but the manifest.
fn present() -> BTreeSet<String> {
    let names = fs::read_dir(path_of("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "README.md").collect()
}

/// The rows of the manifest: file, what it shows, who made it, private data.
fn manifest() -> Vec<Vec<String>> {
    let text = fs::read_to_string(path_of("README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect()).collect()
}

#[test]
fn the_manifest_is_complete() {
    let rows = manifest();
    let named: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(named.len(), rows.len(), "a file is named twice");
    assert_eq!(named, present(), "the manifest names what is there, and nothing else");
    for row in rows {
        assert_eq!(row.len(), 4, "four cells: {row:?}");
        assert!(row[1].len() > 10 && row[2].len() > 5, "says what it shows and who made it: {row:?}");
        assert!(row[3].starts_with("none"), "no private data: {row:?}");
    }
}

#[test]
fn captures_are_small() {
    for name in present() {
        let size = fs::metadata(path_of(&name)).unwrap().len();
        assert!(size > 24 && size < MOST_BYTES, "{name}: {size} bytes");
    }
}

/// With `UPDATE_CAPTURES=1` they are written instead of compared.
#[test]
fn forged_captures_are_reproducible() {
    let update = std::env::var_os("UPDATE_CAPTURES").is_some_and(|value| value == "1");
    for (name, bytes) in forged() {
        if update {
            fs::write(path_of(name), &bytes).unwrap();
        }
        assert!(fs::read(path_of(name)).unwrap() == bytes, "{name} is not what is forged; UPDATE_CAPTURES=1 writes it anew");
    }
}

fn source(name: &str) -> Files {
    Files::new(vec![path_of(name)], &Limits::default())
}

fn read(name: &str) -> Collector {
    collect(&mut source(name))
}

fn anomalies(name: &str) -> Vec<&'static str> {
    read(name).anomalies().iter().map(ntp_sniff::anomaly::Anomaly::name).collect()
}

#[test]
fn odd_packets_are_named() {
    assert_eq!(anomalies("login_split.pcap"), Vec::<&str>::new());
    assert_eq!(anomalies("overlap_differs.pcap"), ["overlap_differs"]);
    assert_eq!(anomalies("data_after_fin.pcap"), ["data_after_fin"]);
    assert_eq!(anomalies("cut_mid_record.pcap"), ["input_damaged"]);
    assert_eq!(anomalies("lost_password.pcap"), ["gap"]);
    assert_eq!(anomalies("gap_in_block.pcap"), ["gap"]);
    let closed = read("port_reuse.pcap").seen.iter().filter(|seen| seen.kind == "flow_closed").count();
    assert_eq!(closed, 2, "the same ports are two connections");
}

#[test]
fn what_is_around_a_dialogue_does_not_show_in_it() {
    let want = read("login_split.pcap").messages();
    assert_eq!(want.len(), 16);
    assert_eq!(read("padding_ipv6_vlan.pcap").messages(), want);
    assert_eq!(read("ns_pcapng_two_links.pcapng").messages(), want);
    assert_eq!(read("cut_mid_record.pcap").messages(), want);
    assert!(text(&mut source("ns_pcapng_two_links.pcapng"), "jsonl", &loud(), false).contains(".000000001Z"), "nanoseconds survive");
}

#[test]
fn losses_leave_the_rest_readable() {
    let names = read("lost_password.pcap").names();
    assert!(names.contains(&"partial_line".to_owned()) && !names.contains(&"password".to_owned()), "{names:?}");
    assert!(!text(&mut source("lost_password.pcap"), "jsonl", &loud(), false).contains("-password"), "its rest is a secret");
    let names = read("gap_in_block.pcap").names();
    assert_eq!(names.iter().filter(|name| *name == "plugin_record").count(), 2, "{names:?}");
    // The beginning is plainly of a record; the end, with one separator left, could be anything.
    let torn: Vec<_> = names.iter().filter(|name| name.starts_with("partial")).collect();
    assert_eq!(torn, ["partial_record", "partial_line"]);
    let names = read("joined_midway.pcap").names();
    assert!(names.contains(&"plugin_record".to_owned()) && names.contains(&"rules".to_owned()), "{names:?}");
    let names = read("endless_line.pcap").names();
    assert_eq!(names.last().map(String::as_str), Some("partial_line"), "{names:?}");
}

#[test]
fn content_decides_not_the_port() {
    let sessions = |name| read(name).seen.iter().filter_map(|seen| seen.protocol).collect::<Vec<_>>();
    assert_eq!(sessions("tls_on_1241.pcap"), ["tls"]);
    assert!(text(&mut source("tls_on_1241.pcap"), "jsonl", &loud(), false).contains("sni=scanner.lab.example"));
    assert_eq!(sessions("http_on_1241.pcap"), Vec::<&str>::new());
}

#[test]
fn exchanges_of_the_api_are_told() {
    let of = |name: &str, kind: &str| read(name).seen.into_iter().filter(|seen| seen.kind == kind).count();
    assert_eq!(
        (of("nessus_api.pcap", "exchange_decoded"), of("nessus_api.pcap", "scan_story"), of("nessus_api.pcap", "session_story")),
        (13, 1, 1)
    );
    assert_eq!(anomalies("nessus_api.pcap"), Vec::<&str>::new());
    assert_eq!(of("nessus_api_trouble.pcap", "exchange_decoded"), 4);
    assert_eq!(anomalies("nessus_api_trouble.pcap"), ["gap"]);
    assert_eq!(anomalies("nessus_api_http2.pcap"), ["http2_not_read"]);
    for format in ["table", "jsonl"] {
        let text = text(&mut source("nessus_api.pcap"), format, &loud(), false);
        for secret in ["not-a-real", "0ddba11", "0DDBA11", "0123456789abcdef"] {
            assert!(!text.contains(secret), "{secret} as {format}");
        }
    }
}

#[test]
fn hostile_text_is_harmless_and_nothing_is_lost() {
    for name in ["ansi_escapes.pcap", "latin1.pcap"] {
        for format in ["table", "jsonl"] {
            let text = text(&mut source(name), format, &loud(), false);
            let odd = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
            assert_eq!(text.chars().find(|letter| odd(*letter)), None, "{name} as {format}");
        }
    }
    let records = text(&mut source("ansi_escapes.pcap"), "jsonl", &loud(), false);
    let record = records.lines().find(|line| line.contains("\"plugin_record\"")).unwrap();
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    assert_eq!(record["fields"]["plugin_name"].as_str().unwrap().as_bytes(), bytes(r"\x1b[2J\x1b[31mred \x1b]0;title\x07"));
    let records = text(&mut source("latin1.pcap"), "jsonl", &loud(), false);
    assert!(records.contains("Prüft Grüße") && records.contains("UHL8ZnQgR3L832U="), "as Latin-1 and as the bytes they are");
}

#[test]
fn a_syn_is_where_a_forged_connection_begins() {
    let talking = Talk::whole(ISNS, &talk(LOGIN), &[1460]);
    let flags: Vec<u8> = talking.packets.iter().take(3).map(|packet| packet.flags).collect();
    assert_eq!(flags, [SYN, SYN | ACK, ACK]);
}
