//! A secret is hidden wherever in HTTP it stands: in malformed lines, addresses, forms, JSON of any shape, and what a server echoes.

use crate::reference::hex;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::report::FORMATS;
use sha2::Digest;
use sha2::Sha256;

/// The secret; every part of it that is as long as this tells.
const SECRET: &str = "Xq7Zw9Kj3v";
const TELLING: usize = 4;

const OK: &str = r"S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// All formats of a conversation, one line each, without blanks: lines of the table are broken where they are full.
fn outputs(script: &str) -> Vec<(&'static str, String)> {
    let packets = Talk::whole([1000, 2000], &talk(script), &[1460]).packets;
    let frames = captured(Net::v4(8834).frames(&packets), 1000);
    FORMATS
        .iter()
        .map(|format| {
            let said = text(&mut memory(&frames), format.name, &loud(), false);
            (format.name, said.chars().filter(|letter| !letter.is_whitespace()).collect())
        })
        .collect()
}

/// What of the secret is seen, in text or in hex, and whether the hash of this body is; and that the API is recognised at all.
fn seen(script: &str, body: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let hash = Sha256::digest(crate::support::talk::bytes(body)).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let all = outputs(script);
    for (format, said) in &all {
        let parts = SECRET.as_bytes().windows(TELLING).map(|part| str::from_utf8(part).unwrap());
        seen.extend(parts.filter(|part| said.contains(part) || said.contains(&hex(part))).map(|part| format!("{format}: {part}")));
        if !body.is_empty() && said.contains(&hash) {
            seen.push(format!("{format}: the hash"));
        }
    }
    assert!(all.iter().any(|(_, said)| said.contains("nessus_api")), "{script}");
    seen
}

fn assert_hidden(scripts: impl IntoIterator<Item = (String, String)>) {
    let found: Vec<_> =
        scripts.into_iter().map(|(script, body)| (seen(&script, &body), script)).filter(|(seen, _)| !seen.is_empty()).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// A request of this line, in a session, with these header lines, and this answer.
fn asked(line: &str, headers: &str, answer: &str) -> (String, String) {
    let line = line.replace('§', SECRET);
    (format!("C: {line} HTTP/1.1\\r\\n{headers}X-Cookie: token=ab\\r\\n\\r\\n\n{answer}").replace('§', SECRET), String::new())
}

/// A request with this body, and this answer.
fn said(line: &str, kind: &str, body: &str, answer: &str) -> (String, String) {
    let body = body.replace('§', SECRET);
    let length = crate::support::talk::bytes(&body).len();
    let head = format!("C: {line} HTTP/1.1\\r\\nX-Cookie: token=ab\\r\\nContent-Type: {kind}\\r\\nContent-Length: {length}\\r\\n\\r\\n");
    (format!("{head}{body}\n{answer}"), body)
}

#[test]
fn in_a_malformed_header_line_even_the_first() {
    let get = "C: GET /scans HTTP/1.1";
    let rest = r"Host: h\r\nX-Cookie: token=ab\r\n\r\n";
    let served = |line: &str| {
        let (ask, body) = asked("GET /scans", "", "");
        (format!("{ask}S: HTTP/1.1 {line}\\r\\nServer: NessusWWW\\r\\nContent-Length: 0\\r\\n\\r\\n"), body)
    };
    let asks = [r"X-Cookie : token=§", r" X-Cookie: token=§", r"X-Cookie token=§", "§", r"Host: h\r\nX-Cookie:\r\n token=§"];
    let asks = asks.map(|line| (format!("{get}\\r\\n{line}\\r\\n{rest}\n{OK}"), String::new()));
    let answers = [r"200 OK\r\nSet-Cookie token=§", r"200 OK\r\nSet Cookie: token=§", r"200 OK\r\n token=§", r"200 OK§\xff"].map(served);
    assert_hidden(asks.into_iter().chain(answers).map(|(script, body)| (script.replace('§', SECRET), body)));
}

/// A token as long as real ones.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn in_a_path_a_query_or_an_address() {
    let targets = "/tokens//§/download /tokens/./§/download /tokens/x/../§/download /%74okens/§/download /%2574okens/§/download \
        /tokens%2F§%2Fdownload /scans;token=§/75 /scans/75;password=§ /scans/75;§ /scans=§ /password/§ /scans?pass=§ /scans?pw=§ \
        /scans?sessionid=§ /scans?%2574oken=§ /scans?next=/tokens/§/download /scans?next=%2Fx%3Ftoken%3D§ /scans?token%3D§ \
        /scans?token%3D§=1 /scans?§ /scans?a=1;pin=§ /scans#key=§ //u:§@h/scans http://u:§@h/scans /scans?next=https%3A//u:§@h/";
    let targets = targets.split_whitespace().map(|target| asked(&format!("GET {target}"), "", OK));
    let headers = [
        "Referer: https://admin:§@h/",
        "Referer: https://h/?%74oken=§",
        "Referer: https://h/x?pass=§",
        "Referer: https://h/tokens/§/download",
        "X-Original-URL: /scans?pass=§",
        "User-Agent: Mozilla/5.0 //u:§@h/",
        "User-Agent: curl https://u:§@h/",
        "Link: <https://h/a?b=/§>; rel=x",
    ];
    let headers = headers.map(|line| asked("GET /scans", &format!("{line}\\r\\n"), OK));
    let location = asked("GET /scans", "", &OK.replace("200 OK\\r\\n", "302 Found\\r\\nLocation: https://admin:§@h/\\r\\n"));
    let token = ["POST /report/tokens/§", "GET /scans/§", "GET /scans/5/export/§/status"];
    let token = token.map(|line| asked(&line.replace('§', TOKEN), "", OK));
    let referer = asked("GET /scans", &format!("Referer: https://h/dl/{TOKEN}\\r\\n"), OK);
    for (script, _) in token.iter().chain([&referer]) {
        for (format, said) in outputs(script) {
            assert!(!said.contains(TOKEN) && !said.contains(&hex(TOKEN)), "{format}: {script}\n{said}");
        }
    }
    assert_hidden(targets.chain(headers).chain([location]));
}

#[test]
fn in_a_form_whatever_separates_its_pairs() {
    let bodies = [
        "username=a&password=§",
        "username=a;password=§",
        r"username=a\r\npassword=§",
        r"username=a\npassword=§",
        "username=a password=§",
        "username=a=§",
        "username=a%26password%3D§",
        "username=a%2526password%253D§",
        "username=a%3B§",
        "username=a%0A§",
        "username=a%00§",
        r#"username={"a":"§"}"#,
        r#"data={"username":"a","password":"§"}"#,
        "§",
        r#" {"username":"a=","password":"§"}"#,
    ];
    let long = format!("username={};password=§", "a".repeat(5000));
    let bodies = bodies.into_iter().chain([&*long]);
    assert_hidden(bodies.map(|body| said("POST /session", "application/x-www-form-urlencoded", body, OK)));
}

#[test]
fn in_json_under_any_name_and_in_any_shape() {
    let names = "pass smtp_pass login_pass dbpass passcode pw pin otp session sessionId sid cookie authorization auth x-auth key ssh_key \
        privkey private-key ntlm_hash jwt bearer activation_code pass-word";
    let of_names = names.split_whitespace().chain(["pass word"]).map(|name| format!(r#"{{"username":"a","{name}":"§"}}"#));
    let shaped = [
        r#"{"data":"{\\"password\\":\\"§\\"}"}"#,
        r#"{"data":"x {\\"a\\":\\"§\\"}"}"#,
        r#"{"data":"[\\"admin\\",\\"§\\"]"}"#,
        r#"{"data":"password=§&x=y"}"#,
        r#"{"data":"user: a, Password : §"}"#,
        r#"{"data":"%7B%22password%22:%22§%22%7D"}"#,
        r#"{"data":"https://u:§@h/"}"#,
        r#"{"username":["a","§"]}"#,
        r#"{"username":{"x":["a","§"]}}"#,
        r#"["admin","§"]"#,
        r#"[["admin","§"]]"#,
        r#"{"a":[{"b":{"password":[["§"],{"x":"§"}]}}]}"#,
        r#"{"settings":{"prefs":[{"name":"Password","value":"§"},{"id":"password","default":"§"}]}}"#,
        r#"{"settings":{"prefs":[{"value":"§","name":"Password"},{"selectedValue":["§"]}]}}"#,
    ];
    let bodies: Vec<String> = of_names.chain(shaped.map(str::to_owned)).collect();
    let asked = bodies.iter().map(|body| said("PUT /scans/75", "application/json", body, OK));
    let (ask, _) = self::asked("GET /scans/75", "", "");
    let served = bodies.iter().filter(|body| !body.contains(r#"":["a""#)).map(|body| {
        let body = body.replace('§', SECRET);
        let length = crate::support::talk::bytes(&body).len();
        let answer = OK.replace("Length: 2", &format!("Length: {length}")).replace("{}", &body);
        (format!("{ask}{answer}"), body)
    });
    assert_hidden(asked.chain(served).collect::<Vec<_>>());
}

#[test]
fn in_what_is_called_a_number_and_is_none() {
    let bodies = [r#"{"username":1§}"#, r#"{"username":-§}"#, r#"{"username":1.§}"#, r#"{"username":1e§}"#, r#"{"a":12 §}"#];
    assert_hidden(bodies.map(|body| said("POST /session", "application/json", body, OK)));
    let digits = "1234567".repeat(20);
    let (script, _) = said("POST /session", "application/json", &format!(r#"{{"username":{digits}}}"#), OK);
    assert!(outputs(&script).iter().all(|(_, said)| !said.contains(&digits)));
}

#[test]
fn what_is_no_secret_is_seen() {
    let body = r#"{"alt_targets":["10.0.0.1","h.example"],"settings":{"name":"a: b","text_targets":"10.0.0.2, 10.0.0.3","n":-1.5e3}}"#;
    let (script, _) = said("POST /scans/75/launch", "application/json", body, OK);
    let all = outputs(&script);
    let bytes = hex(r#"["10.0.0.1","h.example"],"settings":{"name":"a: b","text_targets":"10.0.0.2, 10.0.0.3","n":-1.5e3}"#);
    let jsonl = &all.iter().find(|(format, _)| *format == "jsonl").unwrap().1;
    assert!(jsonl.contains(r#""alt_targets":["10.0.0.1","h.example"]"#) && jsonl.contains(&bytes), "{jsonl}");
}

#[test]
fn in_what_the_server_says_to_it() {
    let answer = |status: &str, header: &str, body: &str| {
        let body = body.replace('§', SECRET);
        let length = crate::support::talk::bytes(&body).len();
        let header = header.replace('§', SECRET);
        let status = status.replace('§', SECRET);
        format!(
            "S: HTTP/1.1 {status}\\r\\nServer: NessusWWW\\r\\n{header}Content-Type: application/json\\r\\nContent-Length: {length}\\r\\n\\r\\n{body}"
        )
    };
    let answers = [
        answer("401 Unauthorized", "", r#"{"error":"Invalid password '§' for a"}"#),
        answer("401 bad password §", "", "{}"),
        answer("401 Unauthorized", "", r#"{"message":"§ wrong","§":1,"a":["§"]}"#),
        answer("401 Unauthorized", "", r#"{"error":"X\\u0071§"}"#),
        answer("401 Unauthorized", "X-Said: no §\\r\\nRetry-After: §\\r\\n", "{}"),
    ];
    let (begin, end) = SECRET.split_at(5);
    let chunked = format!(
        "S: HTTP/1.1 401 No\\r\\nServer: NessusWWW\\r\\nContent-Type: application/json\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n{}0\\r\\n\\r\\n",
        [r#"{"error":"no "#, begin, end, r#" "}"#].map(|piece| format!("{:x}\\r\\n{piece}\\r\\n", piece.len())).concat()
    );
    let login = r#"{"username":"a","password":"§"}"#;
    let answers: Vec<String> = answers.into_iter().chain([chunked]).collect();
    let json = answers.iter().map(|answer| said("POST /session", "application/json", login, answer));
    let form = answers.iter().map(|answer| said("POST /session", "application/x-www-form-urlencoded", "username=a&password=§", answer));
    let path = answers.iter().map(|answer| asked("GET /tokens/§/status", "", answer));
    let cookie = answers.iter().map(|answer| asked("GET /scans", "X-Cookie: token=§\\r\\n", answer));
    assert_hidden(json.chain(form).chain(path).chain(cookie).collect::<Vec<_>>());
    // What breaks off, or answers what was not read.
    let half = answer("401 No", "", r#"{"error":"no §, and"}"#).replace(", and\"}", "");
    let whole = answer("401 No §", "", r#"{"error":"no §","file":"§"}"#);
    let broken = [
        said("POST /session", "application/json", login, &half),
        said("POST /session", "application/json", login, &half.replace("q7Zw9Kj3v", "q7Zw9")),
        said("POST /session", "application/json", "{'password':'§'}", &whole),
        said("POST /session", "text/plain", "§", &whole),
        said("POST /session", "multipart/form-data; boundary=x", "§", &whole),
    ];
    // A part of a message ends within it.
    let (long, _) =
        asked("GET /scans/75", "X-Cookie: token=§\\r\\n", &answer("200 OK", "", &format!(r#"{{"a":"{}§"}}"#, " ".repeat(1 << 16))));
    let edge = (31..43).map(|at| {
        let fill = format!(r#"{{"a":["{}"],"b":"§"}}"#, "x".repeat((64 << 10) - 150 + at));
        asked("GET /scans/75", "X-Cookie: token=§\\r\\n", &answer("200 OK", "", &fill))
    });
    assert_hidden(broken.into_iter().chain(edge).chain([(long, String::new())]).collect::<Vec<_>>());
    // What quotes none is seen, in the same exchange.
    let (script, _) =
        said("POST /session", "application/json", login, &answer("401 Unauthorized", "", r#"{"error":"Invalid Credentials"}"#));
    assert!(outputs(&script).iter().any(|(_, said)| said.contains(r#""error":"InvalidCredentials""#)));
}
