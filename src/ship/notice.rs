//! Which events syslog tells, and what it says of them: one place for all line formats.

use crate::event::Event;
use crate::event::EventKind;
use crate::event::Flood;
use crate::event::LoginJudged;
use crate::event::Scanner;
use crate::fact::Fact;
use crate::fact::Grade;
use crate::report::escape;
use crate::time::Timestamp;
use std::net::IpAddr;

/// The facility of every message, shifted to its place: system daemons (RFC 5424, table 1).
const FACILITY: u8 = 3 << 3;

/// Characters of a text from the wire that are told; with this, every NNM and CEF message stays below 1,200 bytes.
const MOST_CHARS: usize = 200;

/// What is told of an event, whatever the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The name of the event in all outputs.
    pub event: &'static str,
    /// When, on the capture clock.
    pub at: Timestamp,
    /// Under which numbers NNM would file it; one message for each where the format has a place for it.
    pub plugins: Vec<Plugin>,
    /// Who asked, where the event names it.
    pub client: Option<IpAddr>,
    /// Who answered, where the event names it.
    pub server: Option<IpAddr>,
    /// The server's port, where the event names it.
    pub port: Option<u16>,
    /// Details in one sentence. Holds text from the wire: to be escaped for its target.
    pub output: String,
    /// Whether somebody should look at it.
    pub warns: bool,
}

/// A number of Nessus Network Monitor and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// Its number. NNM's own go to 10,000; those of this program begin at 900,001.
    pub id: u32,
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// NNM's plugins for facts, then this program's own for what NNM does not tell.
const PLUGINS: [Plugin; 9] = [
    Plugin { id: 0, name: "Detection of Open Port", description: "A SYN-ACK left this server" },
    Plugin { id: 2, name: "Service Connection", description: "This host uses services on this port" },
    Plugin { id: 3, name: "Internal Client Trusted Connections", description: "This client reached this service inside the focus network" },
    Plugin { id: 14, name: "Accepts External Connections", description: "A client outside the focus network reached this service" },
    Plugin { id: 15, name: "Internal Server Trusted Connections", description: "This service was reached from inside the focus network" },
    Plugin { id: 16, name: "Outbound External Connection", description: "This client reached a service outside the focus network" },
    Plugin { id: 900_001, name: "Login Judged", description: "A Nessus server judged a login" },
    Plugin { id: 900_002, name: "Half-Open Flood", description: "More clients of this service have but a SYN-ACK than are recorded" },
    Plugin { id: 900_003, name: "Scanner", description: "This client has answers of many services and uses few" },
];

impl Notice {
    /// What is told of the event; nothing of kinds that syslog leaves to the main output.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Option<Self> {
        let name = event.kind.name();
        let plain = Self {
            event: name,
            at: event.at,
            plugins: vec![],
            client: None,
            server: None,
            port: None,
            output: String::new(),
            warns: false,
        };
        Some(match &event.kind {
            EventKind::FactSeen(fact) => plain.fact(fact, None),
            EventKind::FactConfirmed(fact, told) => plain.fact(fact, Some(*told)),
            EventKind::LoginJudged(judged) => plain.login(judged),
            EventKind::FloodSeen(flood) => plain.flood(flood),
            EventKind::ScannerSeen(scanner) => plain.scanner(scanner),
            _ => return None,
        })
    }

    /// The number before a message: facility and severity, informational or warning.
    #[must_use]
    pub fn priority(&self) -> u8 {
        FACILITY | if self.warns { 4 } else { 6 }
    }

    fn fact(self, fact: &Fact, told: Option<Grade>) -> Self {
        let known = &fact.known;
        let was = told.map(|told| format!(", was {}", told.name())).unwrap_or_default();
        let syn = if known.syn_seen { "seen" } else { "not seen" };
        let (grade, first, handshakes, id) = (known.grade.name(), known.first_at, known.handshakes, fact.relation.id());
        Self {
            plugins: plugins(fact.nnm_plugins().iter().copied().map(u32::from)),
            client: fact.relation.client(),
            server: fact.relation.server(),
            port: Some(fact.relation.port()),
            output: format!("grade {grade}{was}; SYN {syn}; first seen {first}; handshakes {handshakes}; relation {id}"),
            ..self
        }
    }

    fn login(self, judged: &LoginJudged<'_>) -> Self {
        let LoginJudged { client, server, user, accepted, attempt, refused, users } = *judged;
        let name = cut(&escape::decoded(user));
        let judgement = if accepted { "accepted" } else { "refused" };
        Self {
            plugins: plugins([900_001]),
            client: Some(client),
            server: Some(server.ip),
            port: Some(server.port),
            output: format!("login {judgement}; attempt {attempt}; refused {refused}; user names {users}; user {name}"),
            warns: !accepted,
            ..self
        }
    }

    fn flood(self, flood: &Flood) -> Self {
        let Flood { server, since, half_open } = *flood;
        let output = format!("half-open clients left out {half_open}; since {since}");
        Self { plugins: plugins([900_002]), server: Some(server.ip), port: Some(server.port), output, warns: true, ..self }
    }

    fn scanner(self, scanner: &Scanner) -> Self {
        let Scanner { client, since, reached, established } = *scanner;
        let output = format!("services that answered {reached}; used {established}; since {since}");
        Self { plugins: plugins([900_003]), client: Some(client), output, warns: true, ..self }
    }
}

/// The plugins of these numbers.
fn plugins(ids: impl IntoIterator<Item = u32>) -> Vec<Plugin> {
    ids.into_iter().filter_map(|id| PLUGINS.iter().find(|plugin| plugin.id == id).copied()).collect()
}

/// The beginning of a text, with an ellipsis where something is missing.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Text for one line of syslog: line ends and the given characters behind a backslash, other characters that a terminal would obey
/// or hide made visible. What was escaped can be told from what the text had.
pub(super) fn escaped(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            _ if special.contains(&char) => out.extend(['\\', char]),
            _ => {
                // Its own backslash is doubled: for readers of the formats only the escapes above exist.
                let visible = escape::terminal_text(char.encode_utf8(&mut [0; 4]));
                out.push_str(&visible.replace('\\', "\\\\"));
            }
        }
    }
    out
}

/// The time of RFC 3164: no year, whole seconds, a blank before a one-digit day; UTC.
pub(super) fn short_time(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    moment.strftime("%b %e %H:%M:%S").to_string()
}
