//! What requests and responses of an HTTP API come to: exchanges, the story of a scan, the story of a login.

use crate::annotation::Field;
use crate::peer::Endpoint;
use crate::peer::FlowId;
use crate::time::Timestamp;
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

/// Everything that is noted on an exchange.
pub const NOTES: [&str; 20] = [
    "api_token",
    "body_cut",
    "body_missing",
    "chunked",
    "client_left",
    "coding_unknown",
    "expects_continue",
    "fields_cut",
    "no_response",
    "order_unknown",
    "pipelined",
    "plain_http_on_tls_port",
    "re_login",
    "request_given_up",
    "request_not_seen",
    "request_unreadable",
    "reset",
    "response_lost",
    "response_unreadable",
    "webui",
];

/// How a request says who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// A session token.
    Session,
    /// API keys.
    Keys,
    /// Nothing.
    #[default]
    None,
}

impl Auth {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Keys => "keys",
            Self::None => "none",
        }
    }
}

/// What is known of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyFacts {
    /// Bytes of it that were seen, without the framing of chunks.
    pub wire_bytes: u64,
    /// Bytes of it once unpacked; absent when it could not be unpacked, or not to its end.
    pub bytes: Option<u64>,
    /// Bytes its head promised.
    pub promised: Option<u64>,
    /// How it is framed: `length`, `chunked`, `close`.
    pub framing: &'static str,
    /// The coding it came in.
    pub coding: Option<Vec<u8>>,
    /// Whether all of it was seen.
    pub complete: bool,
    /// SHA-256 of the unpacked bytes; only of a complete body without a secret in it.
    pub sha256: Option<[u8; 32]>,
}

/// Names an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeId {
    /// Its connection.
    pub flow: FlowId,
    /// Its number there, from 1.
    pub number: u64,
}

/// A request and its response, as far as they came. Secrets are out of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its number in the connection, from 1 in the order of the requests.
    pub number: u64,
    /// The number of the message that is, or begins, the request; none when it was not seen.
    pub request: Option<u64>,
    /// Likewise the response.
    pub response: Option<u64>,
    /// The method; empty when the request was not seen.
    pub method: Vec<u8>,
    /// The target, without its secrets.
    pub path: Vec<u8>,
    /// What it does: `scan.launch`, `export.download` …
    pub operation: Cow<'static, str>,
    /// The number and name of the seed's pattern.
    pub pattern: Option<(&'static str, &'static str)>,
    /// The scan it is about.
    pub scan_id: Option<String>,
    /// Who asks.
    pub auth: Auth,
    /// The status; none when no response came.
    pub status: Option<u16>,
    /// The words of the status.
    pub reason: Vec<u8>,
    /// What the status means here, for errors.
    pub meaning: Option<&'static str>,
    /// The body of the request.
    pub request_body: BodyFacts,
    /// The body of the response.
    pub response_body: BodyFacts,
    /// From the last byte of the request to the first of the response.
    pub latency: Option<Duration>,
    /// What it says.
    pub fields: Vec<Field<'static>>,
    /// What is remarkable; all there are is in [`NOTES`].
    pub notes: Vec<&'static str>,
    /// The exchange that failed and is tried again.
    pub retry_of: Option<ExchangeId>,
}

impl Exchange {
    /// Whether the server did what it was asked for.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Something of a story that happens in a moment.
pub type Moment = Option<Timestamp>;

/// How an export was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// When it was asked for.
    pub requested_at: Moment,
    /// In which format.
    pub format: Option<Vec<u8>>,
    /// By which route: `file` (`/scans/{id}/export/{file}`) or `token` (`/tokens/{token}`).
    pub route: Option<&'static str>,
    /// How often the client asked whether it is ready.
    pub polls: u64,
    /// When it was downloaded.
    pub downloaded_at: Moment,
    /// From asking to the end of the download.
    pub duration: Option<Duration>,
    /// The body of the download.
    pub body: BodyFacts,
    /// Hosts and findings in it, info to critical, where it could be read.
    pub findings: Option<(u64, [u64; 5])>,
}

/// The life of a scan, as far as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanStory {
    /// Where.
    pub server: Endpoint,
    /// Which.
    pub scan_id: String,
    /// Its name.
    pub name: Option<Vec<u8>>,
    /// What it scans.
    pub targets: Option<Vec<u8>>,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last launched.
    pub launched_at: Moment,
    /// How often it was launched.
    pub launches: u64,
    /// How often clients asked for its state.
    pub polls: u64,
    /// First and last of these.
    pub polled: Option<(Timestamp, Timestamp)>,
    /// Progress in percent, first and last.
    pub progress: Option<(u64, u64)>,
    /// The states it was seen in, in order, without repetitions that follow each other.
    pub statuses: Vec<Vec<u8>>,
    /// When it was stopped, last.
    pub stopped_at: Moment,
    /// Exports.
    pub exports: Vec<Export>,
    /// When it was moved to the trash.
    pub trashed_at: Moment,
    /// When it was deleted.
    pub deleted_at: Moment,
    /// Requests about it that the server refused.
    pub errors: u64,
    /// All exchanges about it.
    pub exchanges: u64,
}

impl ScanStory {
    /// The time between two polls, on average.
    #[must_use]
    pub fn poll_interval(&self) -> Option<Duration> {
        let (first, last) = self.polled?;
        let gaps = u32::try_from(self.polls.saturating_sub(1)).ok()?;
        last.since(first).checked_div(gaps)
    }
}

/// The life of a session: a login, and what it was good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionStory {
    /// Who logged in.
    pub client: IpAddr,
    /// Where.
    pub server: Endpoint,
    /// As whom.
    pub user: Option<Vec<u8>>,
    /// When; none when the login was not seen.
    pub login_at: Moment,
    /// Which login of this client there it was, from 1.
    pub login: u64,
    /// Requests answered in it.
    pub requests: u64,
    /// The last of them.
    pub last_at: Moment,
    /// How it ended: `unauthorized` (the server knew it no more), `logout`, or, not seen to end, `open`.
    pub ended: &'static str,
    /// When it ended.
    pub ended_at: Moment,
}
