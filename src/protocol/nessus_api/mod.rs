//! The HTTP API of the modern Nessus: requests and responses on port 8834, the scans they make, and the exports they fetch.
//!
//! # Wire
//!
//! JSON over HTTP/1.1, as a rule inside of TLS. [spec nessus-http-api] 1: the operations, 3: what of it is secret.
//!
//! ```text
//! C: POST /session              {"username":…,"password":…}      S: {"token":…}
//! C: POST /scans                {"uuid":…,"settings":{…}}        S: {"scan":{"id":75,…}}
//! C: POST /scans/75/launch                                       S: {"scan_uuid":…}
//! C: GET /scans/75                                               S: {"info":{"status":…},"hosts":[…]}
//! C: POST /scans/75/export      {"format":"nessus"}              S: {"file":…,"token":…}
//! C: GET /scans/75/export/1/download   or   /tokens/…/download   S: XML
//! ```

mod bare;
mod body;
mod content;
mod dialogue;
mod draft;
mod echo;
mod findings;
mod form;
mod gather;
mod json;
mod marks;
mod names;
mod operation;
mod order;
mod pair;
mod probe;
mod quoted;
mod redact;
mod rules;
mod say;
mod side;
mod stories;

pub(super) use stories::Stories;

use super::Dissector;
use super::Opening;
use super::Probe;
use super::Protocol;

/// The Nessus HTTP API, on any port.
pub struct NessusApi;

impl Protocol for NessusApi {
    fn id(&self) -> &'static str {
        "nessus_api"
    }

    fn title(&self) -> &'static str {
        "HTTP API of Nessus 6 and later"
    }

    fn ports(&self) -> &'static [u16] {
        &[8834]
    }

    fn probe(&self, opening: &Opening<'_>) -> Probe {
        probe::probe(opening)
    }

    fn dissector(&self, whole: bool) -> Box<dyn Dissector> {
        Box::new(dialogue::Dialogue::new(whole))
    }
}
