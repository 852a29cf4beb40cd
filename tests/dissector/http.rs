//! tshark, with the dissector of a document whose messages HTTP frames, finds them, however they are framed and cut, and whatever is in them.

use crate::captures::counts;
use crate::captures::is_whole;
use crate::captures::verified;
use crate::support::capture::captured;
use crate::support::capture::on_disk;
use crate::support::capture::pcap;
use crate::support::talk::Step;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use crate::tools::folder;
use crate::tools::has;
use ntp_sniff::peer::Peer;
use std::path::PathBuf;
use std::process::Command;

/// A capture of a connection to the API's port, in segments of these lengths.
fn capture(steps: &[Step], cuts: &[usize]) -> PathBuf {
    let net = Net::v4(8834);
    on_disk(&pcap(&captured(net.frames(&Talk::whole([9, 0xffff_ff00], steps, cuts).packets), 1000)))
}

const LOGIN: &str = r#"
    C: POST /session HTTP/1.1\r\nHost: a:8834\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n{"username":"anna","password":"x\\"y z12"}
    S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"token":"012345"
    S: }
"#;

/// What may stand in a head and a body, each a request and its answer.
const FORMS: &str = r#"
    # Lengths, and values without quotes.
    C: GET /scans HTTP/1.1\r\nHost: a:8834\r\nX-Cookie: token=0123456789abcdef0123456789abcdef\r\n\r\n
    S: HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 69\r\n\r\n{"a": -1.5e3, "b":[true,false, null,"",{}],"c":{"d":[],"e":"\\u0041"}}
    # Chunks, with what may stand behind their sizes, and trailers.
    C: POST /scans HTTP/1.1\r\nHost: a:8834\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"name"\r\n0a;ext=1\r\n:"one two"\r\n1 \r\n}\r\n0\r\nX-More: yes\r\n\r\n
    S: HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n5\r\nabcde\r\n0\r\n\r\n
    # No bodies though lengths are told.
    C: HEAD /scans/7 HTTP/1.1\r\nHost: a:8834\r\n\r\nGET /scans/8 HTTP/1.1\r\nHost: a:8834\r\n\r\n
    S: HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n
    # Forms, and JSON that calls itself one.
    C: POST /session HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 27\r\n\r\nusername=anna&password=a=b&
    S: HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"error":"none"
    S: HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n
    C: POST /session HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n{"a":1}
    S: HTTP/1.1 204 No Content\r\n\r\n
    # What is not read, or breaks off in the middle.
    C: PUT /scans/9 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 10\r\n\r\n--x\r\na\r\n--
    S: HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n\x1f\x8b12
    C: DELETE /scans/9 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{"a":nul, "b":[1,2],"c"}}
    S: HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22, 22\r\n\r\n{"a" "b":1.2.3,"c":00}
    # Lines that end otherwise, and that are no headers.
    C: GET   /scans/1   HTTP/1.1\nHost: a:8834\nX-Empty:\nX-Blank:  x y  \nno header\n\n
    S: HTTP/1.1  200  Well done\nContent-Length : 2\nX:\x09 y\n\n{}
"#;

#[test]
fn every_form_is_found_again_however_it_is_cut() {
    if !has("tshark") {
        return;
    }
    let steps =
        talk(&format!("{LOGIN}{}", FORMS.replace("    S: HTTP/1.1 500", "    S: }HTTP/1.1 500").replace("Length: 15", "Length: 16")));
    for cuts in [&[1460][..], &[1], &[7, 100, 3, 41]] {
        let verdicts = verified(&capture(&steps, cuts), &[]);
        assert!(verdicts.len() == 1 && is_whole(&verdicts[0]), "{cuts:?}: {verdicts:#?}");
        assert!(counts(&verdicts[0])[0] >= 20, "{verdicts:?}");
    }
}

#[test]
fn long_bodies_are_found_in_their_parts() {
    if !has("tshark") {
        return;
    }
    let items: Vec<String> = (0..9000).map(|number| format!("{{\"id\":{number},\"n\":\"a\\\\b\"}}")).collect();
    let body = format!("[{}]", items.join(","));
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let chunks: Vec<String> =
        body.as_bytes().chunks(999).map(|part| format!("{:x}\r\n{}\r\n", part.len(), str::from_utf8(part).unwrap())).collect();
    let chunked =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.concat());
    let mut steps = talk(LOGIN);
    for answer in [whole, chunked] {
        steps.push(Step { from: Peer::Client, bytes: b"GET /scans HTTP/1.1\r\nHost: a:8834\r\n\r\n".to_vec() });
        steps.push(Step { from: Peer::Server, bytes: answer.into_bytes() });
    }
    let verdicts = verified(&capture(&steps, &[1460]), &[]);
    // Of more tokens than are kept of a part the last ones are one.
    assert!(verdicts.len() == 1 && is_whole(&verdicts[0]), "{verdicts:#?}");
    assert!(counts(&verdicts[0])[0] > 10, "{verdicts:?}");
}

#[test]
fn whatever_is_said_makes_no_error_in_the_dissector() {
    if !has("tshark") {
        return;
    }
    let whole = talk(&format!("{LOGIN}{FORMS}"));
    let document = folder().join("doc.json");
    let of = |path: &PathBuf, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ntp-sniff"));
        command.arg("-r").arg(path).args(["-q", "-T", "json", "-o"]).arg(&document).args(more).output().unwrap()
    };
    of(&capture(&whole, &[1460]), &[]);
    let script = folder().join("x.lua");
    let made = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).arg("dissector").arg(&document).arg("--lua").arg(&script).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut seed = 7_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..12 {
        let mut steps = whole.clone();
        for step in &mut steps {
            for _ in 0..next(4) {
                let at = next(step.bytes.len());
                match next(3) {
                    0 => step.bytes[at] = u8::try_from(next(256)).unwrap(),
                    1 => step.bytes.truncate(at + 1),
                    _ => step.bytes.insert(at, b"\r\n:;{\"0 "[next(8)]),
                }
            }
        }
        let capture = capture(&steps, &[next(90) + 1]);
        let output = Command::new("tshark")
            .arg("-X")
            .arg(format!("lua_script:{}", script.display()))
            .args(["-V", "-n", "-r"])
            .arg(&capture)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("Sent by"), "{text}");
        assert!(!text.contains("Lua Error"), "{}: {}", capture.display(), text.lines().find(|line| line.contains("Lua Error")).unwrap());
    }
}
