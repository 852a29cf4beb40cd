//! The `.nessus` (v2) format: XML as the Nessus server wrote it from version 4 on.
//!
//! One `Report` per scan, in the order in which they began; its name says flow, number, user and server. The targets stand
//! in the policy, one `TARGET` preference per scan in the same order. Hosts stand in the order in which the server first
//! named them, their items in the order of the wire.
//!
//! `severity` is 0 for an open port and for OpenVAS's log, debug and error messages, 1 for a note, 2 for a warning (INFO),
//! 3 for a hole, as the Nessus server converted its own old results, and 3 for an alarm. A port without number is 0, a
//! service without name `unknown`; NTP 1.0 names no transport and knows only TCP. `pluginID` is the number or OID of the
//! wire, or 0. `pluginName`, `pluginFamily`, `cve`, `bid` and `xref` come from the plugin list, if the session sent one; else
//! the first two are empty and the others missing. `plugin_output` is the text of the finding. It is unescaped when the
//! client had asked for escapes (`ntp_escape_crlf`); otherwise nobody can tell a server's `;` or `\n` from the plugin's own,
//! and it stays as it came.

use super::budget::Reached;
use super::story::Catalog;
use super::story::Entry;
use super::story::Item;
use super::story::Kind;
use super::story::Moment;
use super::story::Plugin;
use super::story::Scan;
use super::xml::escaped;
use super::xml::unescaped;
use crate::peer::FlowId;
use crate::report::escape::decoded;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::io::Write;
use std::net::IpAddr;

/// Writes all scans as one document. A bound that was reached is said in a comment.
pub(super) fn write(out: &mut dyn Write, scans: &[Scan], catalogs: &HashMap<FlowId, Catalog>, reached: &[Reached]) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NessusClientData_v2>\n")?;
    for reached in reached {
        writeln!(out, "<!-- {reached} -->")?;
    }
    out.write_all(b"<Policy>\n<policyName>seen on the wire</policyName>\n<Preferences>\n<ServerPreferences>\n")?;
    for scan in scans {
        writeln!(out, "<preference><name>TARGET</name><value>{}</value></preference>", escaped(&scan.targets, true))?;
    }
    out.write_all(b"</ServerPreferences>\n</Preferences>\n</Policy>\n")?;
    for scan in scans {
        report(out, scan, catalogs.get(&scan.origin.flow))?;
    }
    out.write_all(b"</NessusClientData_v2>\n")
}

/// What a scan says of one host.
#[derive(Default)]
struct Host<'s> {
    name: &'s [u8],
    moments: Vec<&'s Moment>,
    items: Vec<&'s Item>,
}

/// The hosts of a scan, in the order in which they were first named.
fn hosts(scan: &Scan) -> Vec<Host<'_>> {
    let mut hosts: Vec<Host<'_>> = Vec::new();
    let mut places: HashMap<&[u8], usize> = HashMap::new();
    for entry in &scan.entries {
        let name = match entry {
            Entry::Moment(moment) if moment.host.is_empty() => continue,
            Entry::Moment(moment) => &moment.host,
            Entry::Item(item) => &item.host,
        };
        let place = *places.entry(name).or_insert(hosts.len());
        if place == hosts.len() {
            hosts.push(Host { name, ..Host::default() });
        }
        match (hosts.get_mut(place), entry) {
            (Some(host), Entry::Moment(moment)) => host.moments.push(moment),
            (Some(host), Entry::Item(item)) => host.items.push(item),
            (None, _) => {}
        }
    }
    hosts
}

fn report(out: &mut dyn Write, scan: &Scan, catalog: Option<&Catalog>) -> io::Result<()> {
    let origin = &scan.origin;
    let midway = if scan.ordered { "" } else { ", joined midway" };
    let user = if origin.user.is_empty() { Cow::Borrowed("unknown user") } else { decoded(&origin.user) };
    let name = format!("flow {}, scan {}: {user} from {} at {}{midway}", origin.flow.0, scan.number, origin.client.ip, origin.server);
    writeln!(out, "<Report name=\"{}\">", escaped(name.as_bytes(), false))?;
    for host in hosts(scan) {
        writeln!(out, "<ReportHost name=\"{}\">\n<HostProperties>", escaped(host.name, false))?;
        properties(out, &host)?;
        out.write_all(b"</HostProperties>\n")?;
        for item in host.items {
            write_item(out, item, catalog.and_then(|catalog| catalog.get(&item.plugin_id)))?;
        }
        out.write_all(b"</ReportHost>\n")?;
    }
    out.write_all(b"</Report>\n")
}

/// Times as the server reported them, in its own words, and the address if the host is named by it.
fn properties(out: &mut dyn Write, host: &Host<'_>) -> io::Result<()> {
    for name in ["HOST_START", "HOST_END", "HOST_INTERRUPTED"] {
        if let Some(moment) = host.moments.iter().find(|moment| moment.name == name.as_bytes()) {
            writeln!(out, "<tag name=\"{name}\">{}</tag>", escaped(&moment.date, true))?;
        }
    }
    let address: Option<IpAddr> = str::from_utf8(host.name).ok().and_then(|name| name.parse().ok());
    address.map_or(Ok(()), |address| writeln!(out, "<tag name=\"host-ip\">{address}</tag>"))
}

fn write_item(out: &mut dyn Write, item: &Item, plugin: Option<&Plugin>) -> io::Result<()> {
    let or = |bytes: &[u8], other: &str| if bytes.is_empty() { other.to_owned() } else { escaped(bytes, false) };
    let empty = Plugin::default();
    let known = plugin.unwrap_or(&empty);
    write!(
        out,
        "<ReportItem port=\"{}\" svc_name=\"{}\" protocol=\"{}\" severity=\"{}\" pluginID=\"{}\" pluginName=\"{}\" pluginFamily=\"{}\"",
        item.port.unwrap_or(0),
        or(&item.service, "unknown"),
        or(&item.transport, "tcp"),
        item.kind.severity(),
        or(&item.plugin_id, "0"),
        escaped(&known.name, false),
        escaped(&known.family, false),
    )?;
    if item.kind == Kind::Port {
        return out.write_all(b"/>\n");
    }
    out.write_all(b">\n")?;
    for (element, list) in [("cve", &known.cve), ("bid", &known.bid), ("xref", &known.xref)] {
        for value in list {
            writeln!(out, "<{element}>{}</{element}>", escaped(value, true))?;
        }
    }
    let text = if item.escaped { Cow::Owned(unescaped(&item.text)) } else { Cow::Borrowed(item.text.as_slice()) };
    writeln!(out, "<plugin_output>{}</plugin_output>\n</ReportItem>", escaped(&text, true))
}
