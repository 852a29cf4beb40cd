//! The closing account: every frame, and what came of it.

use super::escape::terminal_text;
use super::inventory::heading;
use super::page::Page;
use super::page::palette;
use super::span::finding_sentence;
use super::words::count;
use super::words::seconds;
use super::words::size;
use crate::event::Summary;
use crate::loss::Lost;

/// Where the values start, in columns from 0.
const VALUES_AT: usize = 16;
/// Services named that nobody decoded.
const NAMED_SERVICES: usize = 10;

/// Draws the account of a run.
pub(super) fn draw(page: &mut Page, summary: &Summary) {
    heading(page, "summary");
    draw_frames(page, summary);
    if let (Some(first), Some(last)) = (summary.first_at, summary.last_at) {
        entry(page, "time", &format!("{first} to {last} ({} s)", seconds(last.since(first))));
    }
    let lone = match summary.lone_syns {
        0 => String::new(),
        syns => format!("; {} without an answer", count(syns, "SYN")),
    };
    entry(page, "connections", &format!("{}{lone}", summary.flows));
    entry(page, "sessions", &named(&summary.sessions));
    entry(page, "messages", &summary.messages.to_string());
    if summary.exchanges > 0 {
        entry(page, "exchanges", &summary.exchanges.to_string());
    }
    let [services, clients, connections] = summary.facts;
    let facts = [count(services, "service"), count(clients, "client port"), count(connections, "connection")];
    entry(page, "facts", &facts.join(", "));
    entry(page, "anomalies", &named(&summary.anomalies));
    draw_losses(page, summary);
    // Quiet unless something is to be done.
    for finding in summary.span.troubles() {
        entry(page, "span", &finding_sentence(finding, &summary.span.counts));
    }
    for damage in &summary.damage {
        entry(page, "damage", &terminal_text(damage));
    }
    draw_undocumented(page, summary);
}

/// Draws the sum of the frames so that it can be checked, and the reasons behind it.
fn draw_frames(page: &mut Page, summary: &Summary) {
    let other = summary.undecoded.iter().fold(0_u64, |sum, (_, frames)| sum.saturating_add(*frames));
    let filtered = match summary.filtered {
        0 => String::new(),
        frames => format!(" + {frames} filtered out"),
    };
    let Summary { frames, segments, bytes, .. } = summary;
    entry(page, "frames", &format!("{frames} = {segments} TCP + {other} other{filtered}; {}", size(*bytes)));
    if other > 0 {
        entry(page, "other frames", &named(&summary.undecoded));
    }
}

/// Draws what was lost on the way here, and what could not be handed on.
fn draw_losses(page: &mut Page, summary: &Summary) {
    if let Some(all) = summary.received_in_all() {
        let (kernel, interface, unread) = (all.dropped_by_kernel, all.dropped_by_interface, summary.unread());
        let unread = if unread > 0 { format!("; {unread} not read") } else { String::new() };
        entry(page, "dropped", &format!("{kernel} by the kernel, {interface} by the interface{unread}"));
    }
    let Lost { records, packets, syslog } = summary.lost;
    let lost = [count(records, "record"), count(packets, "packet"), count(syslog, "syslog message")];
    if [records, packets, syslog].iter().any(|lost| *lost > 0) {
        entry(page, "not written", &lost.join(", "));
    }
}

/// Draws the services with payload that no dissector claimed.
fn draw_undocumented(page: &mut Page, summary: &Summary) {
    for service in summary.undocumented.iter().take(NAMED_SERVICES) {
        let connections = count(service.flows, "connection");
        entry(page, "nobody decoded", &format!("{}: {connections}, {}", service.server, size(service.bytes)));
    }
    let more = summary.undocumented.len().saturating_sub(NAMED_SERVICES);
    if more > 0 {
        entry(page, "", &format!("and {more} more"));
    }
}

/// `a 1, b 2`, or `none`.
fn named(counts: &[(&str, u64)]) -> String {
    let named: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if named.is_empty() { "none".to_owned() } else { named.join(", ") }
}

/// Draws a name and its value.
fn entry(page: &mut Page, name: &str, value: &str) {
    page.put(palette::PLAIN, " ");
    page.put(palette::STRONG, name);
    page.wrapped(palette::PLAIN, VALUES_AT, value);
}
