//! A picture of the network in the DOT language of Graphviz: hosts, and who reached whom on which ports.
//!
//! A host that serves names its ports. All ports one client used of one server are one edge. Dashed are a host outside of the focus
//! network, and an edge on which no connection was established: a probe, or a SYN-ACK alone.

use super::sorted;
use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Grade;
use crate::fact::Relation;
use crate::report::graphviz::label;
use crate::report::graphviz::quoted;
use crate::report::services;
use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::net::IpAddr;

/// Ports named on a host or an edge; with more the picture is no picture any more.
const NAMED: usize = 8;

/// A host of the picture.
#[derive(Default)]
struct Host {
    serves: Vec<u16>,
    outside: bool,
}

/// All that one client reached of one server.
struct Edge {
    ports: Vec<u16>,
    grade: Grade,
}

#[derive(Default)]
struct Picture {
    hosts: BTreeMap<IpAddr, Host>,
    edges: BTreeMap<(IpAddr, IpAddr), Edge>,
}

impl Picture {
    fn add(&mut self, fact: &Fact) {
        match fact.relation {
            Relation::Service(server) => self.hosts.entry(server.ip).or_default().serves.push(server.port),
            Relation::ClientPort(client, _) => _ = self.hosts.entry(client).or_default(),
            Relation::Connection(client, server) => {
                self.hosts.entry(client).or_default().outside |= fact.direction == Some(Direction::Inbound);
                self.hosts.entry(server.ip).or_default().outside |= fact.direction == Some(Direction::Outbound);
                let grade = fact.known.grade;
                let edge = self.edges.entry((client, server.ip)).or_insert(Edge { ports: Vec::new(), grade });
                edge.ports.push(server.port);
                edge.grade = edge.grade.max(grade);
            }
        }
    }
}

/// Writes all facts.
pub(super) fn write(facts: &dyn Facts, out: &mut dyn Write) -> io::Result<()> {
    let mut picture = Picture::default();
    for fact in sorted(facts) {
        picture.add(&fact);
    }
    out.write_all(b"digraph facts {\n  graph [rankdir=LR, ranksep=1.2];\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n")?;
    out.write_all(b"  edge [fontname=\"sans-serif\", fontsize=10];\n")?;
    for (ip, host) in &picture.hosts {
        let mut lines = vec![ip.to_string()];
        lines.extend(named(&host.serves));
        let style = if host.outside { ", style=\"rounded,dashed\"" } else { "" };
        writeln!(out, "  {} [label={}{style}];", quoted(&ip.to_string()), label(&lines))?;
    }
    for ((client, server), edge) in &picture.edges {
        let style = if edge.grade < Grade::Established { ", style=dashed" } else { "" };
        let [client, server] = [client, server].map(|ip| quoted(&ip.to_string()));
        writeln!(out, "  {client} -> {server} [label={}{style}];", label(&named(&edge.ports)))?;
    }
    out.write_all(b"}\n")
}

/// The first ports with their names, and how many more there are.
fn named(ports: &[u16]) -> Vec<String> {
    let name = |port: &u16| services::name(*port).map_or_else(|| port.to_string(), |name| format!("{port} {name}"));
    let mut named: Vec<String> = ports.iter().take(NAMED).map(name).collect();
    let more = ports.len().saturating_sub(NAMED);
    named.extend((more > 0).then(|| format!("and {more} more")));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_ports_are_counted() {
        let ports: Vec<u16> = (20..30).collect();
        assert_eq!(named(&ports).last().unwrap(), "and 2 more");
        assert_eq!(named(&[22, 49_999]), ["22 ssh", "49999"]);
    }
}
