//! Which values of which bodies become fields of an exchange, and what Nessus's statuses mean.

/// How a value becomes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// The value itself, the first time.
    One,
    /// Every value, in a list.
    List,
    /// How many there are.
    Count,
}

/// A row of the table: operation (`*` for all), whether of the response, path, name of the field, how.
#[derive(Debug)]
pub(super) struct Rule(pub(super) &'static str, pub(super) bool, pub(super) &'static str, pub(super) &'static str, pub(super) Take);

use Take::Count;
use Take::List;
use Take::One;

/// The fields.
///
/// # Wire
///
/// [spec nessus-http-api] 2
pub(super) const RULES: &[Rule] = &[
    Rule("session.login", false, "username", "user", One),
    Rule("session.get", true, "username", "user", One),
    Rule("scan.create", false, "uuid", "template", One),
    Rule("scan.create", false, "settings.name", "name", One),
    Rule("scan.create", false, "settings.text_targets", "targets", One),
    Rule("scan.create", false, "settings.description", "description", One),
    Rule("scan.create", false, "settings.folder_id", "folder_id", One),
    Rule("scan.create", false, "settings.scanner_id", "scanner_id", One),
    Rule("scan.create", false, "settings.policy_id", "policy_id", One),
    Rule("scan.create", false, "settings.launch_now", "launch_now", One),
    Rule("scan.create", false, "settings.enabled", "enabled", One),
    Rule("scan.create", false, "settings.launch", "launch", One),
    Rule("scan.create", true, "scan.id", "scan_id", One),
    Rule("scan.create", true, "scan.name", "name", One),
    Rule("scan.create", true, "scan.status", "status", One),
    Rule("scan.create", true, "scan.uuid", "scan_uuid", One),
    Rule("scan.create", true, "scan.folder_id", "folder_id", One),
    Rule("scan.create", true, "scan.custom_targets", "targets", One),
    Rule("scan.copy", true, "id", "new_scan_id", One),
    Rule("scan.copy", true, "name", "name", One),
    Rule("scan.import", true, "scan.id", "scan_id", One),
    Rule("scan.import", true, "scan.name", "name", One),
    Rule("scan.import", false, "file", "file_name", One),
    Rule("scan.configure", false, "settings.name", "name", One),
    Rule("scan.configure", false, "settings.text_targets", "targets", One),
    Rule("scan.configure", false, "settings.folder_id", "folder_id", One),
    Rule("scan.configure", false, "folder_id", "folder_id", One),
    Rule("scan.trash", false, "folder_id", "folder_id", One),
    Rule("scan.move", false, "folder_id", "folder_id", One),
    Rule("scan.launch", false, "alt_targets[]", "alt_targets", List),
    Rule("scan.launch", true, "scan_uuid", "scan_uuid", One),
    Rule("scan.stop", true, "scan_uuid", "scan_uuid", One),
    Rule("scan.pause", true, "scan_uuid", "scan_uuid", One),
    Rule("scan.resume", true, "scan_uuid", "scan_uuid", One),
    Rule("scan.kill", true, "scan_uuid", "scan_uuid", One),
    Rule("scan.delete_bulk", false, "ids[]", "ids", List),
    Rule("scan.delete_bulk", true, "deleted[]", "deleted", List),
    Rule("scan.delete_bulk", true, "deleted", "deleted", One),
    Rule("scan.status", true, "info.status", "status", One),
    Rule("scan.status", true, "info.name", "name", One),
    Rule("scan.status", true, "info.targets", "targets", One),
    Rule("scan.status", true, "info.object_id", "object_id", One),
    Rule("scan.status", true, "info.uuid", "scan_uuid", One),
    Rule("scan.status", true, "info.scan_start", "scan_start", One),
    Rule("scan.status", true, "info.scan_end", "scan_end", One),
    Rule("scan.status", true, "info.progress", "progress", One),
    Rule("scan.status", true, "hosts[]", "hosts", Count),
    Rule("scan.status", true, "vulnerabilities[]", "vulnerabilities", Count),
    Rule("scan.list", true, "scans[]", "scans", Count),
    Rule("export.request", false, "format", "format", One),
    Rule("export.request", false, "chapters", "chapters", One),
    Rule("export.request", true, "file", "file", One),
    Rule("export.status", true, "status", "status", One),
    Rule("editor.templates", true, "templates[]", "templates", Count),
    Rule("folders.list", true, "folders[]", "folders", Count),
    Rule("scanners.list", true, "scanners[]", "scanners", Count),
    Rule("file.upload", true, "fileuploaded", "file_name", One),
    Rule("server.status", true, "status", "status", One),
    Rule("server.status", true, "code", "code", One),
    Rule("server.status", true, "progress", "progress", One),
    Rule("server.properties", true, "server_version", "server_version", One),
    Rule("server.properties", true, "nessus_type", "nessus_type", One),
    Rule("server.properties", true, "license.features.scan_api", "scan_api", One),
    Rule("xmlrpc.login", false, "login", "user", One),
    Rule("*", true, "error", "error", One),
];

/// What a status of Nessus is called in the seed; none for those it has no word for.
///
/// # Wire
///
/// [spec nessus-http-api] 4: the seed's own table; its clients take `empty` for queued.
pub(super) fn mcp_status(status: &[u8]) -> Option<&'static str> {
    match status {
        b"pending" => Some("queued"),
        b"running" | b"paused" => Some("running"),
        b"completed" => Some("completed"),
        b"canceled" | b"stopped" | b"aborted" => Some("failed"),
        _ => None,
    }
}

/// What an error status means here, in a few words.
///
/// # Wire
///
/// [spec nessus-http-api] 5
pub(super) fn meaning(status: u16, over_plain_http: bool) -> Option<&'static str> {
    Some(match status {
        400 if over_plain_http => "plain HTTP on the TLS port",
        400 => "malformed request",
        401 => "not logged in, or the session has expired",
        403 => "the license or the user does not allow it",
        404 => "not found",
        405 => "not in this way",
        409 => "the scan is in a state that does not allow it",
        412 => "the API is not available: its license, or a stale API token",
        429 => "too many requests",
        500 => "the server failed",
        503 => "the server is busy or starting",
        _ => return None,
    })
}

/// Whether a client may well try again after this status.
pub(super) fn is_retried(status: Option<u16>) -> bool {
    matches!(status, None | Some(401 | 408 | 412 | 429 | 500..=504))
}
