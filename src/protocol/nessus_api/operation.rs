//! Which operation of the API a request is: by its method and the template its path fits.

use std::borrow::Cow;

/// A row of the table: method, path template, operation, number and name of the seed's pattern, a sentence.
struct Row(&'static str, &'static str, &'static str, Option<Pattern>, &'static str);

/// A pattern of the seed: its number, and what it is called there.
pub(super) type Pattern = (&'static str, &'static str);

const TOKEN: Pattern = ("0", "API token");
const LOGIN: Pattern = ("1", "authentication");
const CREATE: Pattern = ("2", "create scan");
const LAUNCH: Pattern = ("3", "launch scan");
const STATUS: Pattern = ("4", "scan status");
const REQUEST: Pattern = ("5.1", "request export");
const POLL: Pattern = ("5.2", "poll export status");
const DOWNLOAD: Pattern = ("5.3", "download export");
const STOP: Pattern = ("6", "stop scan");
const TRASH: Pattern = ("7.1", "move to trash");
const DELETE: Pattern = ("7.2", "delete scan");
const TEMPLATES: Pattern = ("T", "other templates");

/// The operations. A segment in braces fits any text that an id may have.
///
/// # Wire
///
/// [spec nessus-http-api] 1. The body decides between `scan.configure` and `scan.trash`.
const ROWS: &[Row] = &[
    Row("GET", "/nessus6.js", "ui.api_token", Some(TOKEN), "The client fetches the script that holds the API token."),
    Row("POST", "/session", "session.login", Some(LOGIN), "The client logs in{ as |user}."),
    Row("GET", "/session", "session.get", None, "The client asks whose session it is."),
    Row("DELETE", "/session", "session.logout", None, "The client logs out."),
    Row("PUT", "/session/keys", "session.keys", None, "The client asks for new API keys."),
    Row("PUT", "/session/chpasswd", "session.chpasswd", None, "The client changes its password."),
    Row("GET", "/scans", "scan.list", None, "The client lists the scans."),
    Row("POST", "/scans", "scan.create", Some(CREATE), "The client creates a scan{ named |name}{ of |targets}."),
    Row("DELETE", "/scans", "scan.delete_bulk", Some(DELETE), "The client deletes the scans {ids}."),
    Row("POST", "/scans/import", "scan.import", None, "The client imports an uploaded scan."),
    Row("GET", "/scans/{id}", "scan.status", Some(STATUS), "The client asks how scan {scan_id} is doing."),
    Row("PUT", "/scans/{id}", "scan.configure", None, "The client configures scan {scan_id}."),
    Row("DELETE", "/scans/{id}", "scan.delete", Some(DELETE), "The client deletes scan {scan_id}."),
    Row("PUT", "/scans/{id}/folder", "scan.move", None, "The client moves scan {scan_id}{ to folder |folder_id}."),
    Row("POST", "/scans/{id}/launch", "scan.launch", Some(LAUNCH), "The client launches scan {scan_id}{ against |alt_targets}."),
    Row("POST", "/scans/{id}/stop", "scan.stop", Some(STOP), "The client stops scan {scan_id}."),
    Row("POST", "/scans/{id}/pause", "scan.pause", None, "The client pauses scan {scan_id}."),
    Row("POST", "/scans/{id}/resume", "scan.resume", None, "The client resumes scan {scan_id}."),
    Row("POST", "/scans/{id}/kill", "scan.kill", None, "The client kills scan {scan_id}."),
    Row("POST", "/scans/{id}/copy", "scan.copy", None, "The client copies scan {scan_id}."),
    Row("PUT", "/scans/{id}/status", "scan.read_status", None, "The client marks scan {scan_id} as read or unread."),
    Row("PUT", "/scans/{id}/schedule", "scan.schedule", None, "The client schedules scan {scan_id}."),
    Row("POST", "/scans/{id}/export", "export.request", Some(REQUEST), "The client asks for an export of scan {scan_id}{ as |format}."),
    Row("GET", "/scans/{id}/export/formats", "export.formats", None, "The client asks which exports of scan {scan_id} there may be."),
    Row("GET", "/scans/{id}/export/{file}/status", "export.status", Some(POLL), "The client asks whether the export is ready."),
    Row("GET", "/scans/{id}/export/{file}/download", "export.download", Some(DOWNLOAD), "The client downloads the export."),
    Row("GET", "/tokens/{token}/status", "export.status", Some(POLL), "The client asks whether the export is ready."),
    Row("GET", "/tokens/{token}/download", "export.download", Some(DOWNLOAD), "The client downloads the export."),
    Row("GET", "/scans/{id}/hosts/{any}", "scan.host", None, "The client asks what scan {scan_id} found on a host."),
    Row(
        "GET",
        "/scans/{id}/hosts/{any}/plugins/{any}",
        "scan.plugin_output",
        None,
        "The client asks what a plugin of scan {scan_id} said.",
    ),
    Row("POST", "/file/upload", "file.upload", None, "The client uploads a file."),
    Row("GET", "/editor/scan/templates", "editor.templates", Some(TEMPLATES), "The client lists the scan templates."),
    Row("GET", "/editor/scan/templates/{any}", "editor.template", None, "The client asks what a scan template holds."),
    Row("GET", "/editor/scan/{id}", "editor.scan", None, "The client asks for the settings of scan {scan_id}."),
    Row("GET", "/server/status", "server.status", None, "The client asks whether the server is ready."),
    Row("GET", "/server/properties", "server.properties", None, "The client asks what the server is."),
    Row("GET", "/scanners", "scanners.list", None, "The client lists the scanners."),
    Row("GET", "/folders", "folders.list", None, "The client lists the folders."),
    Row("POST", "/folders", "folders.create", None, "The client creates a folder."),
    Row("GET", "/policies", "policies.list", None, "The client lists the policies."),
    Row("GET", "/users", "users.list", None, "The client lists the users."),
    Row("GET", "/plugins/families", "plugins.families", None, "The client lists the plugin families."),
    Row("GET", "/", "ui.index", None, "The client opens the web interface."),
];

/// First segments of other parts of the API.
const FAMILIES: [&str; 17] = [
    "agent-groups",
    "agents",
    "editor",
    "folders",
    "groups",
    "permissions",
    "plugin-rules",
    "plugins",
    "policies",
    "scanners",
    "scans",
    "server",
    "session",
    "settings",
    "users",
    "mail",
    "proxy",
];

/// Paths of the XML-RPC of Nessus 4 and 5.
const XMLRPC: [&str; 8] = ["login", "logout", "feed", "scan/", "report/", "file/report/", "policy/", "users/"];

/// What the last segment of a part of the web interface ends in.
const ASSETS: [&str; 10] = [".css", ".js", ".ico", ".png", ".svg", ".gif", ".html", ".woff", ".woff2", ".map"];

/// Folder of the trash.
pub(super) const TRASH_FOLDER: &[u8] = b"2";

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) name: Cow<'static, str>,
    pub(super) pattern: Option<Pattern>,
    pub(super) sentence: &'static str,
    pub(super) scan_id: Option<String>,
    pub(super) file: Option<String>,
    /// The download token in its path.
    pub(super) token: Option<String>,
}

impl Operation {
    /// Of a request that was not seen.
    pub(super) fn unseen() -> Self {
        Self::plain("unknown".into(), "The request was not seen.")
    }

    fn plain(name: Cow<'static, str>, sentence: &'static str) -> Self {
        Self { name, pattern: None, sentence, scan_id: None, file: None, token: None }
    }

    /// Of a method and a target.
    pub(super) fn of(method: &[u8], target: &[u8]) -> Self {
        let Some(path) = path_of(target) else { return Self::plain("unknown".into(), "The client asks for something unknown.") };
        let mut known = false;
        for Row(verb, template, name, pattern, sentence) in ROWS {
            let Some(mut operation) = fit(template, &path) else { continue };
            known = true;
            if verb.as_bytes() == method || (*verb == "GET" && method == b"HEAD") {
                (operation.name, operation.pattern, operation.sentence) = (Cow::Borrowed(*name), *pattern, *sentence);
                return operation;
            }
        }
        if known {
            return Self::plain("method_not_allowed".into(), "The client asks for something known in a way that is not.");
        }
        Self::plain(elsewhere(method, &path), "The client asks for {path}.")
    }

    /// What the body of a request changes: a scan that goes to the trash is neither configured nor merely moved.
    ///
    /// # Wire
    ///
    /// [spec nessus-http-api] 1: both forms have the body `{"folder_id":2}` and nothing else.
    pub(super) fn with_body(&mut self, only_key: Option<&str>, folder: Option<&[u8]>) {
        let trash = folder == Some(TRASH_FOLDER);
        if trash && (self.name == "scan.move" || (self.name == "scan.configure" && only_key == Some("folder_id"))) {
            self.name = "scan.trash".into();
            self.pattern = Some(TRASH);
            self.sentence = "The client moves scan {scan_id} to the trash.";
        }
    }
}

/// The path of a target, without query and without a slash at its end.
fn path_of(target: &[u8]) -> Option<String> {
    let target = str::from_utf8(target).ok()?;
    let path = target.split(['?', '#']).next()?;
    // Only a whole address begins with a scheme; elsewhere it is a part of the path.
    let address = path.split_once("://").filter(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let path = address.map_or(path, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    path.starts_with('/').then(|| path.to_owned())
}

/// Whether a path fits a template; then with what stands in the braces.
fn fit(template: &str, path: &str) -> Option<Operation> {
    let mut operation = Operation::unseen();
    let mut segments = path.split('/');
    for part in template.split('/') {
        let segment = segments.next()?;
        let place = match part {
            "{id}" => Some(&mut operation.scan_id),
            "{file}" => Some(&mut operation.file),
            "{token}" => Some(&mut operation.token),
            "{any}" => None,
            literal if literal == segment => continue,
            _ => return None,
        };
        if segment.is_empty() || !segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        if let Some(place) = place {
            *place = Some(segment.to_owned());
        }
    }
    segments.next().is_none().then_some(operation)
}

/// The name of an operation that has no row of its own.
fn elsewhere(method: &[u8], path: &str) -> Cow<'static, str> {
    let bare = path.trim_start_matches('/');
    let lower = bare.to_ascii_lowercase();
    if method == b"POST" && XMLRPC.iter().any(|known| bare == *known || (known.ends_with('/') && bare.starts_with(known))) {
        return format!("xmlrpc.{}", bare.replace('/', ".")).into();
    }
    if method == b"GET" && ASSETS.iter().any(|ending| lower.ends_with(ending)) {
        return "ui.asset".into();
    }
    let first = bare.split('/').next().unwrap_or_default();
    if FAMILIES.contains(&first) {
        return format!("{first}.other").into();
    }
    "unknown".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, target: &str) -> String {
        Operation::of(method.as_bytes(), target.as_bytes()).name.into_owned()
    }

    #[test]
    fn operations_are_told_by_method_and_path() {
        for (method, target, wanted) in [
            ("GET", "/scans?folder_id=3", "scan.list"),
            ("GET", "/scans/?folder_id=3", "scan.list"),
            ("GET", "/scans/75", "scan.status"),
            ("GET", "/scans/template-0a1b", "scan.status"),
            ("POST", "/scans/import", "scan.import"),
            ("PUT", "/scans/75/status?read=true", "scan.read_status"),
            ("GET", "/scans/75/export/12/download", "export.download"),
            ("GET", "/tokens/ab12/download", "export.download"),
            ("GET", "/editor/scan/templates", "editor.templates"),
            ("GET", "/editor/scan/12", "editor.scan"),
            ("GET", "https://host:8834/server/status", "server.status"),
            ("POST", "/scans?next=https://host/session", "scan.create"),
            ("GET", "/x/https://host/session", "unknown"),
            ("GET", "host/https://host/session", "unknown"),
            ("GET", "HTTP://host?x=/session", "ui.index"),
            ("PATCH", "/scans/75", "method_not_allowed"),
            ("GET", "/favicon.ico", "ui.asset"),
            ("GET", "/nessus6.css", "ui.asset"),
            ("GET", "/agents/1", "agents.other"),
            ("GET", "/wp-admin", "unknown"),
            ("POST", "/report/list", "xmlrpc.report.list"),
            ("OPTIONS", "*", "unknown"),
        ] {
            assert_eq!(name(method, target), wanted, "{method} {target}");
        }
        let download = Operation::of(b"GET", b"/scans/75/export/12/download");
        assert_eq!((download.scan_id.as_deref(), download.file.as_deref()), (Some("75"), Some("12")));
    }

    #[test]
    fn the_trash_is_told_by_the_body() {
        let trash = |target: &str, key, folder: &str| {
            let mut operation = Operation::of(b"PUT", target.as_bytes());
            operation.with_body(key, Some(folder.as_bytes()));
            operation.name.into_owned()
        };
        assert_eq!(trash("/scans/7", Some("folder_id"), "2"), "scan.trash");
        assert_eq!(trash("/scans/7", None, "2"), "scan.configure");
        assert_eq!(trash("/scans/7/folder", Some("folder_id"), "2"), "scan.trash");
        assert_eq!(trash("/scans/7/folder", Some("folder_id"), "3"), "scan.move");
    }
}
