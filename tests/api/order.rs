//! Which response is to which request, whatever is lost: what cannot be known is not claimed, least of all who logged in.

use crate::forged::NESSUS;
use crate::forged::anomalies;
use crate::forged::hear;
use crate::forged::heard;
use crate::forged::lines;
use crate::support::talk::talk;
use crate::support::wire::ACK;
use crate::support::wire::Talk;
use ntp_sniff::exchange::NOTES;
use ntp_sniff::peer::Peer;
use serde_json::Value;

/// A conversation with losses: `lose` is how many bytes of a side go missing after each of these scripts but the last.
fn with_losses(scripts: &[String], from: Peer, lose: u32) -> Vec<Value> {
    let mut talk_ = Talk::new([1000, 2000]);
    talk_.handshake();
    for (index, script) in scripts.iter().enumerate() {
        if index > 0 {
            talk_.lose(from, lose);
            talk_.send(from.other(), ACK, &[]);
        }
        talk_.say_all(&talk(script), &[1460]);
    }
    talk_.close();
    heard(8834, &talk_)
}

fn get(id: usize) -> String {
    format!("GET /scans/{id} HTTP/1.1\\r\\nX-Cookie: token=a\\r\\n\\r\\n")
}

fn login(user: &str) -> String {
    let body = format!(r#"{{"username":"{user}","password":"x"}}"#);
    format!(
        "POST /session HTTP/1.1\\r\\nX-Cookie: token=\\r\\nContent-Type: application/json\\r\\nContent-Length: {}\\r\\n\\r\\n{body}",
        body.len()
    )
}

/// A response with a status and a body of so many bytes.
fn answer(status: &str, bytes: usize) -> String {
    format!("HTTP/1.1 {status}\\r\\n{NESSUS}Content-Length: {bytes}\\r\\n\\r\\n[{}]", " ".repeat(bytes - 2))
}

fn verdicts(records: &[Value]) -> Vec<(String, bool)> {
    let judged = records.iter().filter(|record| record["event"] == "login_judged");
    judged.map(|record| (record["user"].as_str().unwrap().to_owned(), record["accepted"] == true)).collect()
}

#[test]
fn what_is_lost_within_a_body_costs_no_order() {
    let cut = format!("HTTP/1.1 200 OK\\r\\n{NESSUS}Content-Length: 30\\r\\n\\r\\n[1234");
    let scripts = [
        format!("C: {}\nS: {cut}", get(0)),
        format!(
            "S:        90]\nC: {}{}{}\nS: {}{}{}",
            login("alice"),
            login("bob"),
            get(3),
            answer("200 OK", 2),
            answer("401 Unauthorized", 3),
            answer("404 Not Found", 4)
        ),
    ];
    let records = with_losses(&scripts, Peer::Server, 15);
    assert_eq!(verdicts(&records), [("alice".to_owned(), true), ("bob".to_owned(), false)]);
    let wanted = [
        "GET /scans/0 scan.status 200 null body_cut",
        "POST /session session.login 200 2",
        "POST /session session.login 401 3 pipelined",
        "GET /scans/3 scan.status 404 4 pipelined",
    ];
    assert_eq!(lines(&records), wanted);
    // The same in the body of a request.
    let scripts = [
        "C: POST /scans HTTP/1.1\\r\\nX-Cookie: token=a\\r\\nContent-Length: 30\\r\\n\\r\\n{1234".to_owned(),
        format!(
            "C:        90}}\nS: {}\nC: {}{}\nS: {}{}",
            answer("200 OK", 2),
            login("alice"),
            login("bob"),
            answer("200 OK", 2),
            answer("401 Unauthorized", 3)
        ),
    ];
    let records = with_losses(&scripts, Peer::Client, 15);
    assert_eq!(verdicts(&records), [("alice".to_owned(), true), ("bob".to_owned(), false)]);
}

#[test]
fn order_is_known_again_once_nothing_waits() {
    let scripts = [
        format!("C: {}\n", get(1)),
        format!(
            "C: {}\nS: {}\nC: {}{}\nS: {}{}",
            get(2),
            answer("200 OK", 2),
            login("alice"),
            login("bob"),
            answer("200 OK", 3),
            answer("403 Forbidden", 4)
        ),
    ];
    let records = with_losses(&scripts, Peer::Server, 150);
    let wanted = [
        "GET /scans/1 scan.status null null response_lost,no_response",
        "GET /scans/2 scan.status 200 2",
        // The gap shows only when it is asked for: until then it looks as if the client did not wait.
        "POST /session session.login 200 3 pipelined",
        "POST /session session.login 403 4 pipelined",
    ];
    assert_eq!(lines(&records), wanted);
    assert_eq!(verdicts(&records), [("alice".to_owned(), true), ("bob".to_owned(), false)]);
}

#[test]
fn where_it_is_unknown_nobody_is_said_to_have_logged_in() {
    // Of a client that does not wait, one response may be lost, or bytes of no response.
    let scripts = [
        format!("C: {}{}\nS: {}{}\nC: {}{}", get(1), get(2), answer("200 OK", 2), answer("200 OK", 3), login("alice"), login("bob")),
        format!("S: {}", answer("200 OK", 4)),
    ];
    let records = with_losses(&scripts, Peer::Server, 150);
    assert_eq!(verdicts(&records), []);
    let wanted = [
        "GET /scans/1 scan.status 200 2",
        "GET /scans/2 scan.status 200 3 pipelined",
        "  unknown 200 4 order_unknown",
        "POST /session session.login null null order_unknown,no_response",
        "POST /session session.login null null pipelined,order_unknown,no_response",
    ];
    assert_eq!(lines(&records), wanted);
    // They are asked one after the other: the first response is taken for that to the newest, until a second one comes.
    let scripts = [
        format!("C: {}\nC: {}", login("alice"), login("bob")),
        format!("S: {}\nS: {}", answer("200 OK", 2), answer("401 Unauthorized", 3)),
    ];
    let records = with_losses(&scripts, Peer::Server, 150);
    assert_eq!(verdicts(&records), []);
    assert!(lines(&records).iter().all(|line| line.contains("order_unknown") || line.contains("no_response")), "{:?}", lines(&records));
    assert!(!records.iter().any(|record| record["event"] == "session_story"));
}

#[test]
fn requests_that_are_given_up_take_their_responses_with_them() {
    let requests: String = (0..300).map(get).collect();
    let responses: String = (0..300).map(|id| answer("200 OK", id + 2)).collect();
    let records = hear(&format!("C: {requests}\nS: {responses}"));
    let found = lines(&records);
    let told = |wanted: &str| found.iter().filter(|line| line.contains(wanted)).count();
    assert_eq!((found.len(), told("no_response"), told("request_given_up")), (344, 44, 44));
    for id in 0..300 {
        let wanted = if id < 44 {
            format!("  unknown 200 {} request_given_up", id + 2)
        } else {
            format!("GET /scans/{id} scan.status 200 {} pipelined", id + 2)
        };
        assert!(found.contains(&wanted), "{wanted}");
    }
    assert!(anomalies(&records).iter().all(|anomaly| anomaly == "limit_reached http_pipeline"));
}

#[test]
fn every_note_is_explained() {
    let readme = include_str!("../../README.md");
    let record = include_str!("../../src/report/record/exchange.rs");
    for note in NOTES {
        let quoted = format!("`{note}`");
        assert!(readme.contains(&quoted), "{note} is not in README.md");
        assert!(record.contains(&quoted), "{note} is not in the description of the record");
    }
}
