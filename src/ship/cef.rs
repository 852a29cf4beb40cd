//! Common Event Format: for collectors that know no other.

use super::Notice;
use super::notice::escaped;
use super::notice::short_time;
use crate::event::Event;

/// One line for each plugin, its number the signature.
///
/// `<priority>timestamp CEF:0|ntp-sniff|ntp-sniff|version|signature|name|severity|src=… dst=… dpt=… proto=TCP msg=…`; the client is
/// the source, and what an event does not name is left out. In the head `|` and `\` are behind a backslash, in the rest `=`, `\` and
/// line ends. Severity is 0, or 3 where somebody should look at it.
pub(super) fn lines(notice: &Notice, _: &Event<'_>) -> Vec<Vec<u8>> {
    let mut rest = Vec::new();
    rest.extend(notice.client.map(|client| format!("src={client}")));
    rest.extend(notice.server.map(|server| format!("dst={server}")));
    rest.extend(notice.port.map(|port| format!("dpt={port}")));
    rest.extend(["proto=TCP".to_owned(), format!("msg={}", escaped(&notice.output, &['=']))]);
    let rest = rest.join(" ");
    let head = format!("<{}>{} CEF:0|ntp-sniff|ntp-sniff|{}", notice.priority(), short_time(notice.at), env!("CARGO_PKG_VERSION"));
    let severity = if notice.warns { 3 } else { 0 };
    let line = |plugin: &super::notice::Plugin| format!("{head}|{}|{}|{severity}|{rest}", plugin.id, escaped(plugin.name, &['|']));
    notice.plugins.iter().map(line).map(String::into_bytes).collect()
}
