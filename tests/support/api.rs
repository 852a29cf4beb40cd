//! Conversations of the Nessus HTTP API, made up.

use super::talk::Step;
use super::talk::talk;

const NESSUS: &str = "Server: NessusWWW\\r\\nContent-Type: application/json\\r\\n";

/// A response with this body.
fn answer(status: &str, body: &str) -> String {
    format!("S: HTTP/1.1 {status}\\r\\n{NESSUS}Content-Length: {}\\r\\n\\r\\n{body}\n", body.len())
}

/// A request in a session, with this body.
fn ask(line: &str, body: &str) -> String {
    let token =
        "X-Cookie: token=0ddba11c0ffee0ddba11c0ffee0ddba11c0ffee0ddba11\\r\\nX-API-Token: 0DDBA11C-0FFE-E0DD-BA11-C0FFEE0DDBA1\\r\\n";
    format!(
        "C: {line} HTTP/1.1\\r\\nHost: scanner.lab.example:8834\\r\\nUser-Agent: lab\\r\\n{token}Content-Length: {}\\r\\n\\r\\n{body}\n",
        body.len()
    )
}

/// A scan from its creation to its end: every pattern once, a long poll of states, one export in chunks, names with odd letters.
pub(crate) fn life() -> Vec<Step> {
    let script = "function(){return\"0DDBA11C-0FFE-E0DD-BA11-C0FFEE0DDBA1\"}";
    let login = r#"{"username":"anna","password":"not-a-real-password"}"#;
    let token = r#"{"token":"0ddba11c0ffee0ddba11c0ffee0ddba11c0ffee0ddba11"}"#;
    let settings = r#"{"uuid":"ad629e16-lab","settings":{"name":"Gr\xc3\xbc\xc3\x9fe \x1b[31m <b>","text_targets":"10.0.0.9"},"credentials":{"add":{"Host":{"SSH":[{"username":"root","password":"not-a-real-password"}]}}}}"#;
    let settings_length = super::talk::bytes(settings).len();
    let state = |status: &str, current: u32| {
        format!(
            r#"{{"info":{{"status":"{status}","name":"lab"}},"hosts":[{{"hostname":"10.0.0.9","critical":1,"high":0,"scanprogresscurrent":{current},"scanprogresstotal":100}}],"vulnerabilities":[{{}},{{}}]}}"#
        )
    };
    let item = r#"<ReportItem port="22" severity="4" pluginID="10001" pluginName="a &lt; b"><description>x</description></ReportItem>"#;
    let report = format!(
        r#"<?xml version="1.0"?><NessusClientData_v2><Report name="lab"><ReportHost name="10.0.0.9">{item}{item}</ReportHost></Report></NessusClientData_v2>"#
    );
    let (first, second) = report.split_at(100);
    let export = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let lines = [
        "C: GET /nessus6.js HTTP/1.1\\r\\nHost: scanner.lab.example:8834\\r\\n\\r\\n\n".to_owned(),
        format!(
            "S: HTTP/1.1 200 OK\\r\\nServer: NessusWWW\\r\\nContent-Type: application/javascript\\r\\nContent-Length: {}\\r\\n\\r\\n{script}\n",
            script.len()
        ),
        format!("C: POST /session HTTP/1.1\\r\\nContent-Type: application/json\\r\\nContent-Length: {}\\r\\n\\r\\n{login}\n", login.len()),
        answer("200 OK", token),
        ask("POST /scans", settings)
            .replace(&format!("Content-Length: {}\\r", settings.len()), &format!("Content-Length: {settings_length}\\r")),
        answer("200 OK", r#"{"scan":{"id":75,"name":"lab","status":"empty"}}"#),
        ask("POST /scans/75/launch", ""),
        answer("200 OK", r#"{"scan_uuid":"b01c4960"}"#),
        ask("GET /scans/75", "null"),
        answer("200 OK", &state("running", 40)),
        ask("POST /scans/75/stop", "{}"),
        answer("409 Conflict", r#"{"error":"Scan is not running"}"#),
        ask("GET /scans/75", ""),
        answer("200 OK", &state("completed", 100)),
        ask("POST /scans/75/export", r#"{"format":"nessus"}"#),
        answer("200 OK", &format!(r#"{{"file":12,"token":"{export}"}}"#)),
        ask(&format!("GET /tokens/{export}/status"), ""),
        answer("200 OK", r#"{"status":"ready"}"#),
        ask(&format!("GET /tokens/{export}/download"), ""),
        format!(
            "S: HTTP/1.1 200 OK\\r\\nServer: NessusWWW\\r\\nContent-Type: application/xml\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n{:x}\\r\\n{first}\\r\\n{:x}\\r\\n{second}\\r\\n0\\r\\n\\r\\n\n",
            first.len(),
            second.len()
        ),
        ask("PUT /scans/75", r#"{"folder_id":2}"#),
        answer("200 OK", "{}"),
        ask("DELETE /scans/75", ""),
        answer("200 OK", "null"),
        ask("DELETE /session", ""),
        answer("200 OK", ""),
    ];
    talk(&lines.concat())
}

/// Trouble: a refused login, an answer without its body, a hole in another one, and no answer at all.
pub(crate) fn trouble() -> [Vec<Step>; 3] {
    let begin = [
        "C: POST /session HTTP/1.1\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 28\\r\\n\\r\\nusername=anna&password=wrong\n".to_owned(),
        answer("401 Unauthorized", r#"{"error":"Invalid Credentials"}"#),
        ask("GET /scans", ""),
        format!("S: HTTP/1.1 200 OK\\r\\n{NESSUS}Content-Length: 40\\r\\n\\r\\n{{\"scans\":[\n"),
    ];
    let end = [
        "S: ]}\n".to_owned(),
        ask("POST /scans", "{}"),
        format!("S: HTTP/1.1 412 Precondition Failed\\r\\n{NESSUS}Content-Length: 32\\r\\n\\r\\n\n"),
    ];
    [talk(&begin.concat()), talk(&end.concat()), talk(&ask("GET /scans/75", ""))]
}
