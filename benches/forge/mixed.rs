//! Ordinary traffic of many connections, around a tenth of it of Nessus: sessions on port 1241, its HTTP API on 8834.

use crate::frame::Capture;
use crate::frame::Random;
use crate::sessions::session;
use crate::talk::Talk;
use crate::talk::Turn;

/// How many connections are open at the same time.
const AT_ONCE: usize = 2000;

/// Of a thousand bytes, so many are on 1241, and on 8834.
const NTP_PER_MILLE: u64 = 79;
const API_PER_MILLE: u64 = 17;

/// Ports of ordinary services, the usual ones more than once.
const PORTS: [u16; 16] = [443, 443, 443, 443, 443, 80, 80, 445, 22, 3306, 5432, 25, 993, 8443, 8080, 3389];

/// About so many bytes.
pub(crate) fn bytes(capture: &mut Capture, count: u64) {
    let mut random = Random::new(11);
    let mut planned = Planned::default();
    let mut live: Vec<Talk> = Vec::new();
    loop {
        while live.len() < AT_ONCE && planned.all < count {
            live.push(planned.next(&mut random));
        }
        if live.is_empty() {
            return;
        }
        capture.pause(random.below(1600));
        if random.below(32) == 0 {
            question(capture, &mut random);
        }
        let chosen = random.below(live.len() as u64) as usize;
        let burst = random.between(1, 8);
        if !live[chosen].advance(capture, &mut random, burst) {
            live.swap_remove(chosen);
        }
    }
}

/// Bytes of all connections that were begun, so that each kind gets its share.
#[derive(Default)]
struct Planned {
    all: u64,
    ntp: u64,
    api: u64,
    /// How many connections there were.
    number: u64,
}

impl Planned {
    /// The next connection: of the kind that is behind.
    fn next(&mut self, random: &mut Random) -> Talk {
        self.number += 1;
        let (talk, kind) = if self.ntp * 1000 < self.all * NTP_PER_MILLE {
            (session(self.number, random.between(50, 2000), random.between(20, 300)), Some(&mut self.ntp))
        } else if self.api * 1000 < self.all * API_PER_MILLE {
            (api(random, self.number), Some(&mut self.api))
        } else {
            (ordinary(random), None)
        };
        let bytes = talk.capture_bytes();
        if let Some(kind) = kind {
            *kind += bytes;
        }
        self.all += bytes;
        talk
    }
}

fn ends(random: &mut Random, port: u16) -> [([u8; 4], u16); 2] {
    let (client, server) = (random.below(60_000) as u32, random.below(8000) as u32);
    let ephemeral = random.between(32_768, 60_000) as u16;
    [((0x0a00_0000 | client).to_be_bytes(), ephemeral), ((0xac10_0000 | server).to_be_bytes(), port)]
}

/// Some exchanges of a short question and an answer, which is seldom long.
fn ordinary(random: &mut Random) -> Talk {
    let mut turns = Vec::new();
    for _ in 0..random.between(1, 2) {
        // Half of all answers are short, a quarter twice as long, and so on.
        let doublings = ((random.next() >> 20) | 1 << 11).trailing_zeros();
        let answer = random.between(60, 1100) << doublings;
        turns.push(Turn { noise: random.between(40, 500) as usize, ..Turn::client("") });
        turns.push(Turn { noise: answer as usize, ..Turn::server("") });
    }
    let port = PORTS[random.below(16) as usize];
    let ends = ends(random, port);
    let talk = Talk::new(random, ends, 1460, turns, 1);
    // A quarter falls silent: kept alive, or ended where the capture did not see it. They are what fills a table of connections.
    if random.below(4) == 0 { talk.staying_open() } else { talk }
}

/// Requests to the HTTP API: every second connection in TLS, of which only the hellos can be read.
fn api(random: &mut Random, number: u64) -> Talk {
    let mut turns = Vec::new();
    let is_tls = number.is_multiple_of(2);
    if is_tls {
        turns.push(Turn::client(hello(1, b"\0\x02\x13\x01\x01\0")));
        turns.push(Turn::server(hello(2, b"\x13\x01\0")));
    }
    for exchange in 0..random.between(4, 40) {
        let scan = random.between(1, 500);
        let (request, body) = if exchange == 0 {
            let login = "{\"username\":\"auditor\",\"password\":\"made-up\"}";
            let request = format!(
                "POST /session HTTP/1.1\r\nHost: scanner:8834\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{login}",
                login.len()
            );
            (request, format!("{{\"token\":\"{:048x}\"}}", random.next()))
        } else {
            let request = format!("GET /scans/{scan} HTTP/1.1\r\nHost: scanner:8834\r\nX-Cookie: token=made-up\r\n\r\n");
            (request, vulnerabilities(random, scan))
        };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if is_tls {
            turns.push(Turn { noise: request.len(), ..Turn::client(application_data(request.len())) });
            turns.push(Turn { noise: answer.len(), ..Turn::server(application_data(answer.len())) });
        } else {
            turns.extend([Turn::client(request), Turn::server(answer)]);
        }
    }
    let ends = ends(random, 8834);
    Talk::new(random, ends, 1460, turns, 1)
}

/// The findings of a scan, as the API lists them.
fn vulnerabilities(random: &mut Random, scan: u64) -> String {
    let mut body = format!("{{\"info\":{{\"object_id\":{scan},\"status\":\"completed\"}},\"vulnerabilities\":[");
    for _ in 0..random.below(120) {
        let [id, severity, count] = [200_000, 4, 60].map(|most| random.below(most));
        body.push_str(&format!("{{\"plugin_id\":{id},\"severity\":{severity},\"count\":{count},\"plugin_family\":\"General\"}},"));
    }
    body.truncate(body.trim_end_matches(',').len());
    body + "]}"
}

/// A client's (1) or server's (2) hello without extensions, in a record: version, random bytes, no session, and `choice`.
fn hello(kind: u8, choice: &[u8]) -> Vec<u8> {
    let body = [&[3, 3][..], &[0x5a; 32], &[0], choice].concat();
    let message = [&[kind, 0, 0, body.len() as u8][..], &body].concat();
    [&[0x16, 3, 1, 0, message.len() as u8][..], &message].concat()
}

/// The header of a record of so many encrypted bytes.
fn application_data(len: usize) -> [u8; 5] {
    let [high, low] = (len as u16).to_be_bytes();
    [0x17, 3, 3, high, low]
}

/// A name that is asked for, and the answer.
fn question(capture: &mut Capture, random: &mut Random) {
    let [client, server] = ends(random, 53);
    let [asked, answered] = [random.between(24, 60), random.between(60, 300)].map(|len| vec![7; len as usize]);
    capture.send_udp(client, server, &asked);
    capture.pause(200);
    capture.send_udp(server, client, &answered);
}
