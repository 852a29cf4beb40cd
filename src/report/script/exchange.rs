//! Exchanges and stories of the script: complete and not, with hostile text and every optional part.

use super::Player;
use super::at;
use super::endpoint;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::event::EventKind;
use crate::exchange::Auth;
use crate::exchange::BodyFacts;
use crate::exchange::Exchange;
use crate::exchange::ExchangeId;
use crate::exchange::Export;
use crate::exchange::ScanStory;
use crate::exchange::SessionStory;
use crate::peer::FlowId;
use std::io;
use std::time::Duration;

fn body() -> BodyFacts {
    let (bytes, promised) = (Some(1_114_426), Some(139_000));
    BodyFacts {
        wire_bytes: 139_000,
        bytes,
        promised,
        framing: "length",
        coding: Some(b"gzip".to_vec()),
        complete: true,
        sha256: Some([0xab; 32]),
    }
}

fn download() -> Exchange {
    let hosts = vec![b"10.0.0.1 critical=1".as_slice().into(), b"caf\xe9".as_slice().into()];
    Exchange {
        number: 13,
        request: Some(25),
        response: Some(26),
        method: b"GET".to_vec(),
        path: b"/tokens/<redacted 64 bytes>/download".to_vec(),
        operation: "export.download".into(),
        pattern: Some(("5.3", "download export")),
        scan_id: Some("75".to_owned()),
        auth: Auth::Session,
        status: Some(200),
        reason: b"OK".to_vec(),
        meaning: None,
        request_body: BodyFacts { bytes: Some(0), framing: "length", complete: true, ..BodyFacts::default() },
        response_body: body(),
        latency: Some(Duration::from_micros(1500)),
        fields: vec![
            Field::new("name", Value::text(b"My \x1b[31mscan")),
            Field::new("progress", Value::Count(25)),
            Field::new("hosts", Value::List(hosts)),
        ],
        notes: vec!["api_token", "webui", "re_login"],
        retry_of: Some(ExchangeId { flow: FlowId(3), number: 7 }),
    }
}

fn refused() -> Exchange {
    Exchange {
        number: 14,
        response: Some(28),
        operation: "scan.create".into(),
        path: b"/scans?\xff".to_vec(),
        pattern: None,
        scan_id: None,
        auth: Auth::Keys,
        status: Some(412),
        reason: b"Precondition Failed".to_vec(),
        meaning: Some("the API is not available"),
        response_body: BodyFacts { promised: Some(32), framing: "length", ..BodyFacts::default() },
        fields: vec![Field::new("error", Value::text(b"API is not available"))],
        notes: vec!["body_missing"],
        retry_of: None,
        ..download()
    }
}

fn unanswered() -> Exchange {
    Exchange {
        number: 15,
        response: None,
        status: None,
        latency: None,
        meaning: None,
        notes: vec!["no_response", "reset"],
        response_body: BodyFacts::default(),
        ..refused()
    }
}

fn scan() -> ScanStory {
    let export = Export {
        requested_at: Some(at(400_000)),
        format: Some(b"nessus".to_vec()),
        route: Some("token"),
        polls: 3,
        downloaded_at: Some(at(500_000)),
        duration: Some(Duration::from_millis(100)),
        body: body(),
        findings: Some((6, [394, 106, 200, 109, 91])),
    };
    ScanStory {
        server: endpoint("10.0.0.1:8834"),
        scan_id: "75".to_owned(),
        name: Some(b"My \x1b[31mscan".to_vec()),
        targets: Some(b"10.0.0.0/24".to_vec()),
        created_at: Some(at(100)),
        launched_at: Some(at(200)),
        launches: 2,
        polls: 5,
        polled: Some((at(300), at(8_300))),
        progress: Some((0, 100)),
        statuses: vec![b"running".to_vec(), b"completed".to_vec()],
        stopped_at: Some(at(350_000)),
        exports: vec![export, Export { polls: 1, ..Export::default() }],
        trashed_at: Some(at(600_000)),
        deleted_at: Some(at(700_000)),
        errors: 1,
        exchanges: 15,
    }
}

impl Player<'_> {
    /// Exchanges of the second connection, and what they come to.
    pub(super) fn exchanges(&mut self) -> io::Result<()> {
        for exchange in [download(), refused(), unanswered()] {
            self.say(395_000, Some(2), &[45, 46], EventKind::ExchangeDecoded(&exchange))?;
        }
        self.say(396_000, None, &[45, 47], EventKind::ScanStory(&scan()))?;
        let (client, server) = (endpoint("10.0.0.2:1").ip, endpoint("10.0.0.1:8834"));
        let user = Some(b"fm\x1b[31m".to_vec());
        let (login_at, last_at, ended_at) = (Some(at(100)), Some(at(700)), Some(at(800)));
        let story = SessionStory { client, server, user, login_at, login: 2, requests: 4, last_at, ended: "unauthorized", ended_at };
        self.say(397_000, None, &[45], EventKind::SessionStory(&story))?;
        let open = SessionStory { user: None, login_at: None, login: 0, ended: "open", ended_at: None, ..story };
        self.say(397_000, None, &[45], EventKind::SessionStory(&open))
    }
}
