//! HTTP as it may be spoken: framing, order, holes, bombs, and what is not this API at all.

use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::talk::Step;
use crate::support::talk::talk;
use crate::support::wire::ACK;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::exchange::NOTES;
use ntp_sniff::peer::Peer;
use serde_json::Value;
use std::io::Write;

/// The records of a conversation on this port.
pub(crate) fn hear_on(port: u16, steps: &[Step]) -> Vec<Value> {
    heard(port, &Talk::whole([1000, 2000], steps, &[1460]))
}

pub(crate) fn heard(port: u16, talk: &Talk) -> Vec<Value> {
    let frames = captured(Net::v4(port).frames(&talk.packets), 1000);
    let text = text(&mut memory(&frames), "jsonl", &loud(), false);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn hear(script: &str) -> Vec<Value> {
    hear_on(8834, &talk(script))
}

/// Method, path, operation, status, bytes of the response, notes: each exchange in a line.
pub(crate) fn lines(records: &[Value]) -> Vec<String> {
    let exchanges = records.iter().filter(|record| record["event"] == "exchange_decoded");
    exchanges
        .map(|record| {
            let notes: Vec<&str> = record["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(notes.iter().all(|note| NOTES.contains(note)), "{notes:?}");
            let text = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {} {} {}",
                text("method"),
                text("path"),
                text("operation"),
                record["status"],
                record["response_body_bytes"],
                notes.join(",")
            )
            .trim_end()
            .to_owned()
        })
        .collect()
}

pub(crate) fn anomalies(records: &[Value]) -> Vec<String> {
    let found = records.iter().filter(|record| record["event"] == "anomaly_found");
    found
        .map(|record| {
            format!("{} {}", record["name"].as_str().unwrap(), record["limit"].as_str().or(record["problem"].as_str()).unwrap_or_default())
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// All messages of one direction follow each other without a hole, up to this many bytes.
fn assert_tiled(records: &[Value], direction: &str, bytes: usize) {
    let mut end = 0;
    for message in records.iter().filter(|record| record["event"] == "message_decoded" && record["direction"] == direction) {
        assert_eq!(message["evidence"]["bytes"][0], end, "{message}");
        end = message["evidence"]["bytes"][1].as_u64().unwrap();
        let tokens = message["tokens"].as_array().unwrap();
        let mut at = 0;
        for token in tokens {
            assert_eq!(token["bytes"][0], at, "{message}");
            at = token["bytes"][1].as_u64().unwrap();
        }
        assert_eq!(message["length"], at);
    }
    assert_eq!(end, bytes as u64, "{direction}");
}

pub(crate) const NESSUS: &str = "Server: NessusWWW\\r\\nContent-Type: application/json\\r\\n";

#[test]
fn bodies_are_framed_as_they_say() {
    let script = format!(
        r#"C: GET /server/status HTTP/1.1\r\nContent-Length: 4\r\n\r\nnullGET /server/properties HTTP/1.1\r\n\r\n
           S: HTTP/1.1 200 OK\r\n{NESSUS}Content-Length: 2\r\n\r\n{{}}HTTP/1.1 200 OK\r\n{NESSUS}Transfer-Encoding: chunked\r\n\r\n1;x=y\r\n[\r\n1\r\n]\r\n0\r\nT: t\r\n\r\n
           C: HEAD /scans HTTP/1.1\r\n\r\n
           S: HTTP/1.1 200 OK\r\n{NESSUS}Content-Length: 99\r\n\r\n
           C: DELETE /scans HTTP/1.1\r\nContent-Length: 13\r\n\r\n{{"ids":["7"]}}
           S: HTTP/1.1 204 No Content\r\n{NESSUS}\r\n
           C: GET /scans/5 HTTP/1.1\r\n\r\n
           S: HTTP/1.1 304 Not Modified\r\n{NESSUS}Content-Length: 7\r\n\r\n
           C: POST /scans/5/launch HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n
           S: HTTP/1.1 100 Continue\r\n\r\n
           C: 2\r\n{{}}\r\n0\r\n\r\n
           S: HTTP/1.1 200 OK\r\n{NESSUS}Content-Length: 4\r\n\r\nnull
           C: GET /scans/5 HTTP/1.0\r\n\r\n
           S: HTTP/1.0 200 OK\r\n{NESSUS}\r\n{{"info":{{"status":"running"}}}}"#
    );
    let records = hear(&script);
    let wanted = [
        "GET /server/status server.status 200 2 ",
        "GET /server/properties server.properties 200 2 pipelined,chunked",
        "HEAD /scans scan.list 200 0",
        "DELETE /scans scan.delete_bulk 204 0",
        "GET /scans/5 scan.status 304 0",
        "POST /scans/5/launch scan.launch 200 4 expects_continue",
        "GET /scans/5 scan.status 200 29",
    ];
    assert_eq!(lines(&records), wanted.map(str::trim_end));
    assert_eq!(anomalies(&records), Vec::<String>::new());
    let steps = talk(&script);
    for (from, name) in [(Peer::Client, "client"), (Peer::Server, "server")] {
        assert_tiled(&records, name, crate::support::talk::stream(&steps, from).len());
    }
    let complete = records.iter().filter(|record| record["event"] == "exchange_decoded").all(|record| record["complete"] == true);
    assert!(complete);
}

#[test]
fn responses_are_to_their_requests_in_order() {
    let request = |number: usize| format!("GET /scans/{number} HTTP/1.1\\r\\n\\r\\n");
    let requests = (0..20).map(request).collect::<Vec<_>>().concat();
    let response =
        |number: usize| format!("HTTP/1.1 200 OK\\r\\n{NESSUS}Content-Length: {}\\r\\n\\r\\n[{}]", number + 2, " ".repeat(number));
    let responses = (0..20).map(response).collect::<Vec<_>>().concat();
    let records = hear(&format!("C: {requests}\nS: {responses}"));
    let wanted: Vec<String> = (0..20)
        .map(|number| format!("GET /scans/{number} scan.status 200 {}{}", number + 2, if number > 0 { " pipelined" } else { "" }))
        .collect();
    assert_eq!(lines(&records), wanted);
    // The other way round, as a capture of two interfaces may have it.
    let turned = hear(&format!("S: {responses}\nC: {requests}"));
    assert_eq!(lines(&turned), wanted);
}

#[test]
fn it_is_recognised_by_content_on_any_port() {
    let plain = "C: GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\nS: HTTP/1.1 200 OK\\r\\nServer: nginx\\r\\nContent-Length: 0\\r\\n\\r\\n";
    let bare = plain.replace("Server: nginx", "X: y");
    let cookie = plain.replace("Host: a", "x-cookie: token=ab12");
    let keys = plain.replace("Host: a", "X-APIKeys: accessKey=a; secretKey=b");
    let script = bare.replace("GET / ", "GET /nessus6.js ");
    // A scanner of web servers asks everybody for it.
    let searched = plain.replace("GET / ", "GET /nessus6.js ");
    let named = plain.replace("nginx", "NessusWWW");
    let path = bare.replace("GET / ", "GET /server/status ");
    for (script, port, wanted) in [
        (plain, 80, false),
        (plain, 8834, false),
        (&*bare, 80, false),
        (&bare, 8834, false),
        (&cookie, 80, true),
        (&keys, 80, true),
        (&script, 80, true),
        (&searched, 80, false),
        (&searched, 8834, false),
        (&named, 80, true),
        (&path, 80, false),
        (&path, 8834, true),
        (&path.replace("X: y", "Server: other"), 8834, false),
    ] {
        let records = hear_on(port, &talk(script));
        let found = records.iter().any(|record| record["protocol"] == "nessus_api");
        assert_eq!(found, wanted, "{script} on {port}");
        // What is HTTP and not this is counted, and nothing else.
        let summary = records.last().unwrap();
        assert_eq!(summary["undocumented"].as_array().unwrap().len(), usize::from(!wanted), "{script} on {port}");
        assert_eq!(summary["messages"].as_u64() > Some(0), wanted);
    }
}

#[test]
fn a_text_that_quotes_it_is_not_it() {
    let quoted = "a page about scanning, quoted:\\nServer: NessusWWW\\n is its header.\\n".repeat(90);
    let lines = quoted.replace("\\n", "\\r\\n");
    let cookie = "see:\\r\\nX-Cookie: token=ab\\r\\nis what a client sends\\r\\n".repeat(90);
    let head = "rest\\r\\nDate: now\\r\\nServer: NessusWWW\\r\\nContent-Length: 0\\r\\n\\r\\n".to_owned();
    for (said, wanted) in [(quoted, false), (lines, false), (cookie, false), (head, true)] {
        let mut talk_ = Talk::new([1000, 2000]);
        talk_.say_all(&talk(&format!("S: {said}\nC: ok")), &[1460]);
        let records = heard(9999, &talk_);
        assert_eq!(records.iter().any(|record| record["protocol"] == "nessus_api"), wanted, "{said}");
    }
}

#[test]
fn a_connection_joined_midway_goes_on_at_its_next_head() {
    let mut talk_ = Talk::new([1000, 2000]);
    let script = format!(
        r#"S: rest of a body HTTP/1.1 nonsense
           C: "password":"geheim"}}GET /scans/9 HTTP/1.1\r\nX-Cookie: token=geheim\r\n\r\n
           S: HTTP/1.1 200 OK\r\n{NESSUS}Content-Length: 29\r\n\r\n{{"info":{{"status":"running"}}}}"#
    );
    talk_.say_all(&talk(&script), &[1460]);
    let records = heard(8834, &talk_);
    assert_eq!(lines(&records), ["GET /scans/9 scan.status 200 29"]);
    assert_eq!(anomalies(&records).len(), 2, "what was stepped over is said: {:?}", anomalies(&records));
    let text = records.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains("geheim") && !text.contains("67656865696d"), "{text}");
}

#[test]
fn lost_bytes_cost_what_they_held() {
    let said = |from: Peer, text: &str| talk(&format!("{}: {text}", if from == Peer::Client { 'C' } else { 'S' }));
    let request = |id: u32| said(Peer::Client, &format!("GET /scans/{id} HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n"));
    let response = |bytes: usize| {
        said(Peer::Server, &format!("HTTP/1.1 200 OK\\r\\n{NESSUS}Content-Length: {}\\r\\n\\r\\n[{}]", bytes + 2, " ".repeat(bytes)))
    };
    // In a body of known length: the body is cut, nothing else.
    let mut talk_ = Talk::new([1000, 2000]);
    talk_.handshake();
    talk_.say_all(&request(1), &[1460]);
    talk_.say_all(&said(Peer::Server, &format!("HTTP/1.1 200 OK\\r\\n{NESSUS}Content-Length: 30\\r\\n\\r\\n[1234")), &[1460]);
    talk_.lose(Peer::Server, 15);
    talk_.say_all(&said(Peer::Server, "       90]"), &[1460]);
    talk_.say_all(&[request(2), response(5)].concat(), &[1460]);
    talk_.close();
    let records = heard(8834, &talk_);
    assert_eq!(lines(&records), ["GET /scans/1 scan.status 200 null body_cut", "GET /scans/2 scan.status 200 7"]);
    // Heads are lost on the server's side: the next response is to the request that was asked last.
    let mut talk_ = Talk::new([1000, 2000]);
    talk_.handshake();
    talk_.say_all(&[request(1), response(3), request(2)].concat(), &[1460]);
    talk_.lose(Peer::Server, 200);
    talk_.send(Peer::Client, ACK, &[]);
    talk_.say_all(&[request(3), response(5)].concat(), &[1460]);
    talk_.close();
    let records = heard(8834, &talk_);
    let found = lines(&records);
    assert_eq!(
        found,
        [
            "GET /scans/1 scan.status 200 5",
            "GET /scans/2 scan.status null null response_lost,no_response",
            "GET /scans/3 scan.status 200 7"
        ]
    );
    // A request is lost: its response is told alone.
    let mut talk_ = Talk::new([1000, 2000]);
    talk_.handshake();
    talk_.say_all(&[request(1), response(3)].concat(), &[1460]);
    talk_.lose(Peer::Client, 100);
    talk_.say_all(&[response(4), request(3), response(5)].concat(), &[1460]);
    talk_.close();
    let found = lines(&heard(8834, &talk_));
    assert!(
        found.contains(&"GET /scans/1 scan.status 200 5".to_owned()) && found.contains(&"GET /scans/3 scan.status 200 7".to_owned()),
        "{found:?}"
    );
    assert!(found.iter().any(|line| line.starts_with("  unknown 200 6")), "{found:?}");
}

#[test]
fn what_is_promised_and_does_not_come_is_said() {
    let head = format!("HTTP/1.1 412 Precondition Failed\\r\\n{NESSUS}Content-Length: 32\\r\\n\\r\\n");
    let missing = hear(&format!("C: POST /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\nContent-Length: 2\\r\\n\\r\\n{{}}\nS: {head}"));
    assert_eq!(lines(&missing), ["POST /scans scan.create 412 0 body_missing"]);
    let sentence = missing.iter().find(|record| record["event"] == "exchange_decoded").unwrap()["sentence"].as_str().unwrap();
    assert!(sentence.contains("body missing 0/32"), "{sentence}");
    let none = hear("C: GET /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n");
    assert_eq!(lines(&none), ["GET /scans scan.list null null no_response"]);
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_is_capped_and_said() {
    let bomb = packed(&vec![b' '; 64 << 20]);
    assert!((64 << 20) / bomb.len() > 900, "it is one");
    let mut steps = talk("C: GET /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n");
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    steps.push(Step { from: Peer::Server, bytes: [head.into_bytes(), bomb].concat() });
    let records = hear_on(8834, &steps);
    assert_eq!(lines(&records), ["GET /scans scan.list 200 null"]);
    assert_eq!(anomalies(&records), ["limit_reached http_body_ratio"]);
}

#[test]
fn other_protocols_that_go_on_are_left_alone() {
    let script = format!(
        r"C: GET /scans HTTP/1.1\r\nX-Cookie: token=a\r\nUpgrade: websocket\r\n\r\n
           S: HTTP/1.1 101 Switching Protocols\r\n{NESSUS}\r\n
           C: geheim
           S: geheim"
    );
    let records = hear(&script);
    assert_eq!(lines(&records), ["GET /scans scan.list 101 0"]);
    assert!(!records.iter().any(|record| record.to_string().contains("67656865")));
}

#[test]
fn http2_is_counted_and_said() {
    let frame = |length: u8, kind: u8, stream: u8| [vec![0, 0, length, kind, 0, 0, 0, 0, stream], vec![7; usize::from(length)]].concat();
    let client = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(6, 4, 0), frame(20, 1, 1), frame(20, 1, 3)].concat();
    let server = [frame(6, 4, 0), frame(9, 1, 1), frame(50, 0, 1)].concat();
    let steps = [Step { from: Peer::Client, bytes: client }, Step { from: Peer::Server, bytes: server }];
    let records = hear_on(8834, &steps);
    let told: Vec<_> = records.iter().filter(|record| record["name"] == "http2_not_read").collect();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["frames"], &told[0]["streams"], &told[0]["bytes"]), (&6.into(), &2.into(), &50.into()));
    assert!(told[0]["sentence"].as_str().unwrap().contains("HTTP/2, headers not read"));
    assert!(!hear_on(80, &steps).iter().any(|record| record["protocol"] == "nessus_api"), "elsewhere it may be anything");
}

#[test]
fn secrets_are_hidden_where_nobody_looks_for_them() {
    let script = format!(
        r#"C: POST /session?token=geheim HTTP/1.1\r\nX-Api-Token: geheim\r\nReferer: https://h/?token=geheim\r\nodd geheim line\r\nContent-Type: application/json\r\nContent-Length: 43\r\n\r\n{{"username":"u","password":"geheim" geheim}}
           S: HTTP/1.1 200 OK\r\n{NESSUS}Set-Cookie: a=geheim\r\nContent-Length: 18\r\n\r\n{{"token":"geheim"}}
           C: PUT /editor/scan/5?x HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\ngeheim
           S: HTTP/1.1 200 OK\r\n{NESSUS}Transfer-Encoding: chunked\r\n\r\n6;geheim\r\ngeheim\r\n0\r\nx: geheim\r\n\r\n
           C: GET /tokens/geheim/status HTTP/1.1\r\n\r\n
           S: HTTP/1.1 404 Not Found\r\nServer: NessusWWW\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\ngeheim
           C: GET /unknown/0123456789abcdef0123456789abcdef HTTP/1.1\r\n\r\ngeheim, which is no request\r\n\r\n"#
    );
    let records = hear(&script);
    let text = records.iter().map(Value::to_string).collect::<String>();
    for secret in ["geheim", "67656865696d", "0123456789abcdef0123456789abcdef"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(lines(&records).len(), 4, "{:?}", lines(&records));
}

#[test]
fn what_is_no_method_is_not_shown_as_one() {
    let records = hear(&format!(
        r"C: POST /session HTTP/1.1\r\nX-Cookie: token=a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nusername=a&password=geheimGET /scans HTTP/1.1\r\n\r\n
           S: HTTP/1.1 200 OK\r\n{NESSUS}Content-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\n{NESSUS}Content-Length: 3\r\n\r\n[ ]
           C: geheim /session HTTP/1.1\r\n\r\nGET /scans/3 HTTP/1.1\r\n\r\n"
    ));
    let text = records.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains("geheim") && !text.contains("67656865696d"), "{text}");
    assert_eq!(
        lines(&records),
        [
            "POST /session session.login 200 2",
            "  unknown 200 3 order_unknown",
            "GET /scans scan.list null null order_unknown,no_response",
            "GET /scans/3 scan.status null null no_response"
        ]
    );
}

#[test]
fn json_that_is_called_a_form_is_json() {
    let body = r#"{"username":"anna","password":"ge=h&eim"}"#;
    let head = format!("POST /session HTTP/1.1\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\nContent-Length: {}", body.len());
    let records = hear(&format!("C: {head}\\r\\n\\r\\n{body}\nS: HTTP/1.1 200 OK\\r\\n{NESSUS}Content-Length: 0\\r\\n\\r\\n"));
    let exchange = records.iter().find(|record| record["event"] == "exchange_decoded").unwrap();
    assert_eq!(exchange["fields"]["user"], "anna");
    let text = records.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains("ge=h") && !text.contains("eim") && !text.contains("65696d"), "{text}");
}

#[test]
fn requests_that_wait_are_bounded() {
    let requests = "GET /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n".repeat(300);
    let records = hear(&format!("C: {requests}"));
    assert_eq!(lines(&records).len(), 300);
    assert!(anomalies(&records).iter().any(|anomaly| anomaly == "limit_reached http_pipeline"));

    let first = "GET /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n";
    let long = format!("GET /{} HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n", "x".repeat(20_000)).repeat(40);
    let records = hear(&format!("C: {first}{long}"));
    assert_eq!(lines(&records).len(), 41);
    assert!(anomalies(&records).iter().any(|anomaly| anomaly == "limit_reached http_pipeline_bytes"));
}

#[test]
fn fields_are_bounded() {
    let scans: String =
        (0..2000).map(|number| format!(r#"{{"id":{number},"name":"{}","status":"empty"}}"#, "n".repeat(300))).collect::<Vec<_>>().join(",");
    let body = format!(r#"{{"scans":[{scans}]}}"#);
    let mut steps = talk("C: GET /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n");
    let head = format!("HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    steps.push(Step { from: Peer::Server, bytes: [head, body].concat().into_bytes() });
    let records = hear_on(8834, &steps);
    let exchange = records.iter().find(|record| record["event"] == "exchange_decoded").unwrap();
    assert!(exchange["fields"].to_string().len() < 90_000, "{}", exchange["fields"].to_string().len());
    assert!(exchange["notes"].to_string().contains("fields_cut") && !exchange["notes"].to_string().contains("unreadable"));
    assert_eq!((&exchange["complete"], &exchange["fields"]["scans"]), (&true.into(), &2000.into()), "all is counted");
}
