//! The `.nessus` (v2) XML in which Nessus Network Monitor reports ports and connections, so that its readers can read ours.
//!
//! One `ReportHost` per address, one `ReportItem` per port and plugin, severity 0, family `Generic`. The port is the server's, also on
//! the client's side. A connection inside the focus network is filed twice: plugin 3 on the client names the servers, plugin 15 on the
//! server the clients. Of connections to the outside (16) and from it (14) only the port is reported, as there; the addresses outside
//! are in the other exports. What is known of each fact stands in `plugin_output`, which Nessus Network Monitor does not know.
//!
//! | fact | plugin on the client | on the server |
//! |---|---|---|
//! | service | | 0 |
//! | client port | 2 | |
//! | connection, internal | 3 | 15 |
//! | connection, outbound | 16 | |
//! | connection, inbound | | 14 |

use super::sorted;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Known;
use crate::fact::Relation;
use crate::fact::TRANSPORT;
use crate::report::scan::xml::escaped;
use crate::report::services;
use crate::report::words;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::net::IpAddr;

/// A plugin of Nessus Network Monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Plugin {
    id: u16,
    name: &'static str,
    description: &'static str,
    /// Whether the item is the client's.
    on_client: bool,
}

const PLUGINS: [Plugin; 6] = [
    plugin(0, false, "Open Port", "A SYN-ACK was seen leaving this port of the host."),
    plugin(2, true, "Service Connection", "The host uses services on this port, whichever server offers them."),
    plugin(3, true, "Internal Client Trusted Connections", "The host connected to this port of these servers in the focus network."),
    plugin(14, false, "Accepts External Connections", "Clients outside of the focus network connected to this port of the host."),
    plugin(15, false, "Internal Server Trusted Connections", "These clients in the focus network connected to this port of the host."),
    plugin(16, true, "Outbound External Connection", "The host connected to this port of servers outside of the focus network."),
];

const fn plugin(id: u16, on_client: bool, name: &'static str, description: &'static str) -> Plugin {
    Plugin { id, name, description, on_client }
}

/// What is reported of a host: by port and plugin the facts it rests on.
#[derive(Default)]
struct Host<'f> {
    items: BTreeMap<(u16, Plugin), Vec<&'f Fact>>,
}

impl Host<'_> {
    /// First and newest sight of anything reported of it.
    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let known = || self.items.values().flatten().map(|fact| &fact.known);
        Some((known().map(|known| known.first_at).min()?, known().map(|known| known.last_at).max()?))
    }
}

/// Writes all facts.
pub(super) fn write(facts: &dyn Facts, out: &mut dyn Write) -> io::Result<()> {
    let facts = sorted(facts);
    let mut hosts: BTreeMap<IpAddr, Host<'_>> = BTreeMap::new();
    for fact in &facts {
        for plugin in PLUGINS.iter().filter(|plugin| fact.nnm_plugins().contains(&plugin.id)) {
            let owner = if plugin.on_client { fact.relation.client() } else { fact.relation.server() };
            if let Some(ip) = owner {
                hosts.entry(ip).or_default().items.entry((fact.relation.port(), *plugin)).or_default().push(fact);
            }
        }
    }
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NessusClientData_v2>\n")?;
    out.write_all(b"<Policy>\n<policyName>seen on the wire</policyName>\n</Policy>\n<Report name=\"who serves and who speaks\">\n")?;
    for (ip, host) in &hosts {
        writeln!(out, "<ReportHost name=\"{ip}\">\n<HostProperties>\n<tag name=\"host-ip\">{ip}</tag>")?;
        if let Some((first, last)) = host.times() {
            writeln!(out, "<tag name=\"HOST_START\">{}</tag>\n<tag name=\"HOST_END\">{}</tag>", date(first), date(last))?;
        }
        out.write_all(b"</HostProperties>\n")?;
        for ((port, plugin), facts) in &host.items {
            item(out, *port, plugin, facts)?;
        }
        out.write_all(b"</ReportHost>\n")?;
    }
    out.write_all(b"</Report>\n</NessusClientData_v2>\n")
}

fn item(out: &mut dyn Write, port: u16, plugin: &Plugin, facts: &[&Fact]) -> io::Result<()> {
    let Plugin { id, name, description, .. } = plugin;
    let service = escaped(services::name(port).unwrap_or("unknown").as_bytes(), false);
    write!(out, "<ReportItem port=\"{port}\" svc_name=\"{service}\" protocol=\"{TRANSPORT}\" severity=\"0\" ")?;
    writeln!(out, "pluginID=\"{id}\" pluginName=\"{}\" pluginFamily=\"Generic\">", escaped(name.as_bytes(), false))?;
    writeln!(out, "<description>{}</description>", escaped(description.as_bytes(), true))?;
    writeln!(out, "<risk_factor>None</risk_factor>\n<plugin_output>{}</plugin_output>", escaped(output(plugin, facts).as_bytes(), true))?;
    out.write_all(b"</ReportItem>\n")
}

/// One line for each peer in the focus network with what is known of it; one line for all peers outside.
fn output(plugin: &Plugin, facts: &[&Fact]) -> String {
    let line = |fact: &&Fact| match (fact.relation, plugin.id) {
        (Relation::Connection(_, server), 3) => format!("{server}: {}", known(&fact.known)),
        (Relation::Connection(client, _), 15) => format!("{client}: {}", known(&fact.known)),
        _ => known(&fact.known),
    };
    match (plugin.id, facts) {
        (14 | 16, [first, others @ ..]) => known(&others.iter().fold(first.known.clone(), |all, fact| both(all, &fact.known))),
        _ => facts.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

/// What two facts together come to.
fn both(mut all: Known, other: &Known) -> Known {
    all.grade = all.grade.max(other.grade);
    all.first_at = all.first_at.min(other.first_at);
    all.last_at = all.last_at.max(other.last_at);
    all.handshakes = all.handshakes.saturating_add(other.handshakes);
    all
}

/// `data, 5 handshakes, first seen …, last seen …`.
fn known(known: &Known) -> String {
    let Known { grade, first_at, last_at, handshakes, .. } = known;
    format!("{}, {}, first seen {first_at}, last seen {last_at}", grade.name(), words::count(*handshakes, "handshake"))
}

/// As Nessus writes a date, in UTC: `Thu Jan  6 08:26:40 2005`.
fn date(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    moment.strftime("%a %b %e %H:%M:%S %Y").to_string()
}
