//! The line of Nessus Network Monitor, so that what reads its syslog reads this.

use super::Notice;
use super::notice::escaped;
use super::notice::short_time;
use crate::event::Event;
use std::net::IpAddr;
use std::net::Ipv4Addr;

/// The number of TCP among the protocols of IP.
const TCP: u8 = 6;

/// One line for each plugin.
///
/// `<priority>timestamp nnm: src_ip:src_port|dst_ip:dst_port|protocol|plugin_id|plugin_name|plugin_description|plugin_output|risk`,
/// the client the source. Client ports are no part of a fact: they are 0, and an end that an event does not name is `0.0.0.0:0`.
/// An IPv6 address has no brackets; its port follows the last colon. `|`, `\` and line ends are behind a backslash.
pub(super) fn lines(notice: &Notice, _: &Event<'_>) -> Vec<Vec<u8>> {
    let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let source = notice.client.unwrap_or(nobody);
    let (target, port) = (notice.server.unwrap_or(nobody), notice.port.unwrap_or(0));
    let risk = if notice.warns { "LOW" } else { "NONE" };
    let head = format!("<{}>{} nnm: {source}:0|{target}:{port}|{TCP}", notice.priority(), short_time(notice.at));
    let output = escaped(&notice.output, &['|']);
    let line = |plugin: &super::notice::Plugin| format!("{head}|{}|{}|{}|{output}|{risk}", plugin.id, plugin.name, plugin.description);
    notice.plugins.iter().map(line).map(String::into_bytes).collect()
}
