//! Requests that are none, and the two texts.

use super::Board;
use super::Waiting;
use super::names::Page;
use super::request::Asked;
use super::request::read;
use crate::event::Summary;
use crate::limits::METRICS_REQUEST_BYTES;
use crate::loss::Received;

#[test]
fn one_request_is_understood() {
    let (plain, open) = (Asked::Metrics { open: false, head: false }, Asked::Metrics { open: true, head: false });
    for (request, wanted) in [
        (&b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"[..], plain),
        (b"GET /metrics?x=y HTTP/1.0\r\n\r\n", plain),
        (b"GET /metrics HTTP/1.1\r\nACCEPT: text/html, application/openmetrics-text;version=1.0.0\r\n\r\n", open),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", Asked::Metrics { open: false, head: true }),
        (b"GET /metrics HTTP/1.1\r\nHost: a\r\n", Asked::More),
        (b"", Asked::More),
        (b"GET / HTTP/1.1\r\n\r\n", Asked::Refused("404 Not Found")),
        (b"GET /metrics/../x HTTP/1.1\r\n\r\n", Asked::Refused("404 Not Found")),
        (b"POST /metrics HTTP/1.1\r\n\r\n", Asked::Refused("405 Method Not Allowed")),
        (b"\x16\x03\x01\x02\x00\x01\x00", Asked::Refused("400 Bad Request")),
        (b"GET /metrics HTTP/9.9\r\n\r\n", Asked::Refused("400 Bad Request")),
    ] {
        assert_eq!(read(request), wanted, "{}", String::from_utf8_lossy(request));
    }
    let endless = [b"GET /metrics HTTP/1.1\r\nX: ".to_vec(), vec![b'a'; METRICS_REQUEST_BYTES]].concat();
    assert_eq!(read(&endless), Asked::Refused("431 Request Header Fields Too Large"));
    let many = [b"GET /metrics HTTP/1.1\r\n".to_vec(), b"a: b\r\n".repeat(65)].concat();
    assert_eq!(read(&many), Asked::Refused("431 Request Header Fields Too Large"));
}

#[test]
fn texts_are_made_once_for_each_account() {
    let board = Board::default();
    let received = vec![Received { interface: "a\"b\\c\nd".to_owned(), packets: 7, ..Received::default() }];
    board.show(Summary { frames: 5, received, messages_by_protocol: vec![("nessus_ntp", 3)], ..Summary::default() }, Waiting::default());
    let mut page = Page::new(board.clone(), None);
    let (media, plain) = page.text(false);
    assert!(media.starts_with("text/plain; version=0.0.4"));
    for line in [
        "# TYPE ntp_sniff_packets_total counter",
        "ntp_sniff_packets_total 5",
        "ntp_sniff_messages_total{protocol=\"nessus_ntp\"} 3",
        "ntp_sniff_received_packets_total{interface=\"a\\\"b\\\\c\\nd\"} 7",
        "# TYPE ntp_sniff_facts gauge",
        "ntp_sniff_facts{kind=\"service\"} 0",
    ] {
        assert!(plain.lines().any(|found| found == line), "{line}: {plain}");
    }
    let (media, open) = page.text(true);
    assert!(media.starts_with("application/openmetrics-text") && open.ends_with("# EOF\n"), "{open}");
    assert!(std::ptr::eq(plain.as_ptr(), page.text(false).1.as_ptr()));
    board.show(Summary { frames: 6, ..Summary::default() }, Waiting::default());
    assert!(page.text(false).1.contains("ntp_sniff_packets_total 6\n"));
}
