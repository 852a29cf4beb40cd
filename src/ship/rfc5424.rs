//! RFC 5424 around the JSON Lines record: for collectors that read JSON.

use super::Notice;
use crate::event::Event;
use crate::report::jsonl;
use crate::time::Timestamp;
use std::sync::LazyLock;

/// The name this machine gives itself, or `-`. Nobody is asked for it.
static HOST: LazyLock<String> = LazyLock::new(|| {
    let name = rustix::system::uname();
    let printable: String = name.nodename().to_string_lossy().chars().filter(char::is_ascii_graphic).take(255).collect();
    if printable.is_empty() { "-".to_owned() } else { printable }
});

/// One message: `<priority>1 time host ntp-sniff process event - record`.
///
/// The time is that of the capture, cut to the six digits the RFC allows; the record has them all. There is no byte order mark, for
/// the sake of JSON readers.
pub(super) fn lines(notice: &Notice, event: &Event<'_>) -> Vec<Vec<u8>> {
    let time = Timestamp::from_nanos(notice.at.nanos(), false);
    let head = format!("<{}>1 {time} {} ntp-sniff {} {} - ", notice.priority(), *HOST, std::process::id(), notice.event);
    let mut line = head.into_bytes();
    match jsonl::write_record(event, false, &mut line) {
        Ok(true) => vec![line],
        // Without a record there is nothing to say.
        Ok(false) | Err(_) => Vec::new(),
    }
}
