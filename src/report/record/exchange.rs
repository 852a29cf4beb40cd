//! Records of an HTTP API: exchanges, and the stories of scans and sessions.

use super::Body;
use super::Moment;
use super::value::Fields;
use super::value::Text;
use crate::exchange::BodyFacts;
use crate::exchange::Exchange;
use crate::exchange::ExchangeId;
use crate::exchange::Export;
use crate::exchange::ScanStory;
use crate::exchange::SessionStory;
use crate::report::exchange::hex;
use crate::report::exchange::scan_sentence;
use crate::report::exchange::sentence;
use crate::report::exchange::session_sentence;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

/// A request of an HTTP API and its response are complete, or as complete as they get.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ExchangeDecoded<'a> {
    /// Its number in the connection, from 1 in the order of the requests.
    number: u64,
    /// The number of the message that is the request; absent when it was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<u64>,
    /// The number of the message that is the response; absent when none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<u64>,
    /// The method; empty when the request was not seen.
    method: Text<'a>,
    /// The target, secrets as their lengths.
    path: Text<'a>,
    /// What it does: `session.login`, `scan.launch`, `export.download` …; `unknown` for other paths.
    operation: &'a str,
    /// The number of the pattern of the documented dialogue: `1` to `7.2`, `0` for the API token, `T` for templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'static str>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern_name: Option<&'static str>,
    /// The scan it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    scan_id: Option<&'a str>,
    /// How the client says who it is: `session`, `keys`, `none`.
    auth: &'static str,
    /// The status of the response; absent when none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The words of the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<'a>>,
    /// What an error status means in this API.
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    /// From the last byte of the request to the first of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_seconds: Option<f64>,
    /// Bytes of the request's body, unpacked; absent when it could not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body_bytes: Option<u64>,
    /// SHA-256 of it, where it is complete and holds no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body_sha256: Option<String>,
    /// Whether all of the request's body was seen.
    request_complete: bool,
    #[serde(flatten)]
    body: ResponseBody<'a>,
    /// Whether all of the response was seen.
    complete: bool,
    /// What it says, by name.
    fields: Fields<'a>,
    /// What is remarkable. Who asks: `webui`, `api_token`, `re_login`. How: `pipelined` (before the response to the request before came),
    /// `expects_continue`, `chunked`. What is missing: `body_missing`, `body_cut`, `no_response`, `response_lost`, `request_not_seen`,
    /// `request_given_up` (told before, too many were waiting), `order_unknown` (bytes are lost, and the response may be to another
    /// request), `reset` (by the server), `client_left` (reset by the client). What was not read: `request_unreadable`,
    /// `response_unreadable`, `coding_unknown` (a packing that is not known, or several of them), `fields_cut`,
    /// `plain_http_on_tls_port`.
    notes: &'a [&'static str],
    /// The exchange that failed and is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_of: Option<Tried>,
    /// All of it in a line, for people.
    sentence: String,
}

/// The body of a response.
#[derive(Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "they stand beside those of the request in one object")]
struct ResponseBody<'a> {
    /// Bytes of the body, unpacked; absent when it could not be, or none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body_bytes: Option<u64>,
    /// Bytes of the body that were seen, as they came, without the framing of chunks.
    response_wire_bytes: u64,
    /// Bytes the head promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_promised_bytes: Option<u64>,
    /// How it is framed: `length`, `chunked`, `close`.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_framing: Option<&'static str>,
    /// How it is packed: `gzip`, `deflate`, `br`, `zstd` …
    #[serde(skip_serializing_if = "Option::is_none")]
    response_coding: Option<Text<'a>>,
    /// SHA-256 of the unpacked body, where it is complete and holds no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body_sha256: Option<String>,
}

impl<'a> ResponseBody<'a> {
    fn of(body: &'a BodyFacts) -> Self {
        Self {
            response_body_bytes: body.bytes,
            response_wire_bytes: body.wire_bytes,
            response_promised_bytes: body.promised,
            response_framing: Some(body.framing).filter(|framing| !framing.is_empty()),
            response_coding: body.coding.as_deref().map(Text::of),
            response_body_sha256: body.sha256.map(|hash| hex(&hash)),
        }
    }
}

/// Another exchange.
#[derive(Serialize, JsonSchema)]
struct Tried {
    /// Its connection.
    flow: u64,
    /// Its number there.
    number: u64,
}

impl Body for ExchangeDecoded<'_> {
    const EVENT: &'static str = "exchange_decoded";
}

impl<'a> ExchangeDecoded<'a> {
    pub(super) fn of(exchange: &'a Exchange) -> Self {
        let (pattern, pattern_name) = exchange.pattern.unzip();
        Self {
            number: exchange.number,
            request: exchange.request,
            response: exchange.response,
            method: Text::of(&exchange.method),
            path: Text::of(&exchange.path),
            operation: &exchange.operation,
            pattern,
            pattern_name,
            scan_id: exchange.scan_id.as_deref(),
            auth: exchange.auth.name(),
            status: exchange.status,
            reason: exchange.status.map(|_| Text::of(&exchange.reason)),
            meaning: exchange.meaning,
            latency_seconds: exchange.latency.map(|latency| latency.as_secs_f64()),
            request_body_bytes: exchange.request_body.bytes,
            request_body_sha256: exchange.request_body.sha256.map(|hash| hex(&hash)),
            request_complete: exchange.request_body.complete,
            body: ResponseBody::of(&exchange.response_body),
            complete: exchange.response_body.complete,
            fields: Fields(&exchange.fields),
            notes: &exchange.notes,
            retry_of: exchange.retry_of.map(|ExchangeId { flow, number }| Tried { flow: flow.0, number }),
            sentence: sentence(exchange),
        }
    }
}

/// What became of a scan, as far as it was seen.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ScanStory")]
pub(in crate::report) struct ScanStoryRecord<'a> {
    /// Where.
    server_ip: IpAddr,
    /// On which port.
    port: u16,
    /// Which scan.
    scan_id: &'a str,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    /// What it scans.
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Text<'a>>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Moment>,
    /// When it was last launched.
    #[serde(skip_serializing_if = "Option::is_none")]
    launched_at: Option<Moment>,
    /// How often it was launched.
    launches: u64,
    /// How often clients asked how it is doing.
    polls: u64,
    /// The time between two of these, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_interval_seconds: Option<f64>,
    /// Progress in percent, first and last.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<[u64; 2]>,
    /// The states it was seen in, in order.
    statuses: Vec<Text<'a>>,
    /// When it was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Moment>,
    /// How its results were fetched.
    exports: Vec<ExportRecord<'a>>,
    /// When it was moved to the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    trashed_at: Option<Moment>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Moment>,
    /// Requests about it that were refused.
    errors: u64,
    /// All exchanges about it.
    exchanges: u64,
    /// All of it in a line, for people.
    sentence: String,
}

/// An export of a scan.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Export")]
struct ExportRecord<'a> {
    /// When it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_at: Option<Moment>,
    /// In which format.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Text<'a>>,
    /// By which route it was fetched: `file` (`/scans/{id}/export/{file}`) or `token` (`/tokens/{token}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'static str>,
    /// How often the client asked whether it is ready.
    polls: u64,
    /// When the download was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    downloaded_at: Option<Moment>,
    /// From asking for it to the end of the download.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<f64>,
    /// Bytes of it, unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Bytes of it as they came.
    wire_bytes: u64,
    /// Whether all of it was seen.
    complete: bool,
    /// SHA-256, where no secret is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Hosts in it, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    hosts: Option<u64>,
    /// Findings of the severities info, low, medium, high, critical.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<[u64; 5]>,
}

impl<'a> ExportRecord<'a> {
    fn of(export: &'a Export) -> Self {
        let (hosts, findings) = export.findings.unzip();
        Self {
            requested_at: export.requested_at.map(Moment),
            format: export.format.as_deref().map(Text::of),
            route: export.route,
            polls: export.polls,
            downloaded_at: export.downloaded_at.map(Moment),
            duration_seconds: export.duration.map(|duration| duration.as_secs_f64()),
            bytes: export.body.bytes.filter(|_| export.downloaded_at.is_some()),
            wire_bytes: export.body.wire_bytes,
            complete: export.body.complete,
            sha256: export.body.sha256.map(|hash| hex(&hash)),
            hosts,
            findings,
        }
    }
}

impl Body for ScanStoryRecord<'_> {
    const EVENT: &'static str = "scan_story";
}

impl<'a> ScanStoryRecord<'a> {
    pub(super) fn of(story: &'a ScanStory) -> Self {
        Self {
            server_ip: story.server.ip,
            port: story.server.port,
            scan_id: &story.scan_id,
            name: story.name.as_deref().map(Text::of),
            targets: story.targets.as_deref().map(Text::of),
            created_at: story.created_at.map(Moment),
            launched_at: story.launched_at.map(Moment),
            launches: story.launches,
            polls: story.polls,
            poll_interval_seconds: story.poll_interval().map(|interval| interval.as_secs_f64()),
            progress: story.progress.map(|(first, last)| [first, last]),
            statuses: story.statuses.iter().map(|status| Text::of(status)).collect(),
            stopped_at: story.stopped_at.map(Moment),
            exports: story.exports.iter().map(ExportRecord::of).collect(),
            trashed_at: story.trashed_at.map(Moment),
            deleted_at: story.deleted_at.map(Moment),
            errors: story.errors,
            exchanges: story.exchanges,
            sentence: scan_sentence(story),
        }
    }
}

/// What became of a login to an HTTP API.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionStory")]
pub(in crate::report) struct SessionStoryRecord<'a> {
    /// Who logged in.
    client_ip: IpAddr,
    /// Where.
    server_ip: IpAddr,
    /// On which port.
    port: u16,
    /// As whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Text<'a>>,
    /// When; absent when the login was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_at: Option<Moment>,
    /// Which accepted login of this client there it was, from 1; 0 when it was not seen.
    login: u64,
    /// Requests answered in it.
    requests: u64,
    /// How it ended: `unauthorized` (the server knew it no more), `logout`, `open` (its end was not seen).
    ended: &'static str,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
    /// All of it in a line, for people.
    sentence: String,
}

impl Body for SessionStoryRecord<'_> {
    const EVENT: &'static str = "session_story";
}

impl<'a> SessionStoryRecord<'a> {
    pub(super) fn of(story: &'a SessionStory) -> Self {
        Self {
            client_ip: story.client,
            server_ip: story.server.ip,
            port: story.server.port,
            user: story.user.as_deref().map(Text::of),
            login_at: story.login_at.map(Moment),
            login: story.login,
            requests: story.requests,
            ended: story.ended,
            ended_at: story.ended_at.map(Moment),
            sentence: session_sentence(story),
        }
    }
}
