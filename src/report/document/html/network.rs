//! The picture of the network: who only speaks on the left, who only serves on the right, who does both between. Addresses and ports,
//! nothing that was said. The tables beside it say the same to those who do not see it.

use super::text;
use crate::limits::HTML_EDGES;
use crate::limits::HTML_HOSTS;
use crate::report::document::model::Connection;
use crate::report::document::model::Serving;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Ports named at a host.
const PORTS: usize = 4;

/// Sizes in pixels: between columns, of a host at least, of a letter of its address, between rows, of a line of text, around all.
const BETWEEN: u32 = 110;
const LEAST_WIDTH: u32 = 150;
const LETTER: u32 = 8;
const GAP: u32 = 16;
const LINE: u32 = 16;
const MARGIN: u32 = 8;

/// The picture.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) hosts: Vec<Host>,
    pub(super) edges: Vec<Edge>,
    /// Hosts and edges that have no place in it.
    pub(super) hosts_left_out: usize,
    pub(super) edges_left_out: usize,
}

/// A host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) ip: String,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) role: &'static str,
    /// Its ports, each with its place.
    pub(super) lines: Vec<(u32, String)>,
}

/// Who reached whom.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) path: String,
    /// Whether a connection was established.
    pub(super) firm: bool,
    pub(super) title: String,
}

/// What is known of a host: its ports, and whether it speaks.
#[derive(Default)]
struct Known {
    ports: BTreeMap<(u16, String), Option<String>>,
    speaks: bool,
}

impl Known {
    /// Its column: 0 speaks, 1 both, 2 serves.
    fn column(&self) -> usize {
        match (self.speaks, self.ports.is_empty()) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => 2,
        }
    }

    fn lines(&self) -> Vec<String> {
        let name = |((port, transport), name): (&(u16, String), &Option<String>)| {
            let transport = if transport == "tcp" { String::new() } else { format!(" {}", text::cut(transport, 8)) };
            let name = name.as_ref().map(|name| format!(" {}", text::cut(name, 14))).unwrap_or_default();
            format!("{port}{transport}{name}")
        };
        let mut lines: Vec<String> = self.ports.iter().take(PORTS).map(name).collect();
        if self.ports.len() > PORTS {
            lines.push(format!("and {} more ports", self.ports.len().saturating_sub(PORTS)));
        }
        lines
    }
}

impl Picture {
    /// Draws it. Hosts with most edges first.
    pub(super) fn of(services: &[Serving], connections: &[Connection]) -> Self {
        let mut hosts: BTreeMap<&str, Known> = BTreeMap::new();
        let mut edges: BTreeMap<(&str, &str), (bool, BTreeSet<u16>)> = BTreeMap::new();
        for serving in services {
            let ports = &mut hosts.entry(&serving.server.ip).or_default().ports;
            ports.insert((serving.server.port, serving.transport.clone()), serving.port_name.clone());
        }
        for connection in connections {
            let (client, server) = (connection.client_ip.as_str(), &connection.server);
            hosts.entry(client).or_default().speaks = true;
            hosts.entry(&server.ip).or_default().ports.entry((server.port, connection.transport.clone())).or_insert(None);
            let (firm, ports) = edges.entry((client, &server.ip)).or_default();
            *firm |= matches!(connection.grade.as_str(), "established" | "data");
            ports.insert(server.port);
        }
        let mut degree: BTreeMap<&str, usize> = BTreeMap::new();
        for end in edges.keys().flat_map(|(client, server)| [client, server]) {
            let degree = degree.entry(end).or_default();
            *degree = degree.saturating_add(1);
        }
        let mut ranked: Vec<_> = hosts.iter().collect();
        ranked.sort_by_key(|(ip, _)| (std::cmp::Reverse(degree.get(*ip).copied().unwrap_or(0)), **ip));
        let mut picture = Self::default();
        let placed = picture.place(&ranked);
        for ((client, server), (firm, ports)) in &edges {
            match (placed.get(client), placed.get(server)) {
                (Some(from), Some(to)) if picture.edges.len() < HTML_EDGES => {
                    let (path, ports) = (path(from, to), ports.iter().take(PORTS).map(u16::to_string).collect::<Vec<_>>().join(", "));
                    let title = format!("{} → {}: {ports}", text::cut(client, 64), text::cut(server, 64));
                    picture.edges.push(Edge { path, firm: *firm, title });
                }
                _ => picture.edges_left_out = picture.edges_left_out.saturating_add(1),
            }
        }
        picture
    }

    /// Places hosts in their columns. Gives where each begins: left, right, middle, column.
    fn place<'a>(&mut self, hosts: &[(&&'a str, &Known)]) -> BTreeMap<&'a str, [u32; 4]> {
        let used: Vec<usize> = (0..3).filter(|column| hosts.iter().any(|(_, known)| known.column() == *column)).collect();
        let longest = hosts.iter().map(|(ip, _)| text::cut(ip, 40).chars().count()).max().and_then(|letters| u32::try_from(letters).ok());
        let width = longest.unwrap_or(0).saturating_mul(LETTER).saturating_add(24).max(LEAST_WIDTH);
        let mut placed = BTreeMap::new();
        for (x, column) in (0_u32..).zip(&used) {
            let left = MARGIN.saturating_add(x.saturating_mul(width.saturating_add(BETWEEN)));
            let mut y = MARGIN;
            let of_column = hosts.iter().filter(|(_, known)| known.column() == *column);
            for (number, (ip, known)) in of_column.enumerate() {
                if number >= HTML_HOSTS {
                    self.hosts_left_out = self.hosts_left_out.saturating_add(1);
                    continue;
                }
                let lines = known.lines();
                let rows = u32::try_from(lines.len()).unwrap_or(0);
                let height = LINE.saturating_mul(rows.saturating_add(1)).saturating_add(14);
                let lines =
                    (1_u32..).zip(lines).map(|(row, line)| (y.saturating_add(21).saturating_add(row.saturating_mul(LINE)), line)).collect();
                let role = ["speaks", "both", "serves"].get(*column).copied().unwrap_or("serves");
                placed.insert(**ip, [left, left.saturating_add(width), y.saturating_add(height / 2), x]);
                self.hosts.push(Host { ip: text::cut(ip, 40), x: left, y, width, height, role, lines });
                self.width = self.width.max(left.saturating_add(width).saturating_add(MARGIN));
                y = y.saturating_add(height).saturating_add(GAP);
            }
            self.height = self.height.max(y);
        }
        placed
    }
}

/// A line from a client to its server: to the right, to the left, or around within a column.
fn path([left, right, y, column]: &[u32; 4], [to_left, to_right, to_y, to_column]: &[u32; 4]) -> String {
    let bend = BETWEEN / 2;
    match to_column.cmp(column) {
        Ordering::Greater => {
            let end = to_left.saturating_sub(5);
            format!("M{right} {y}C{} {y} {} {to_y} {end} {to_y}", right.saturating_add(bend), end.saturating_sub(bend))
        }
        Ordering::Less => {
            let end = to_right.saturating_add(5);
            format!("M{left} {y}C{} {y} {} {to_y} {end} {to_y}", left.saturating_sub(bend), end.saturating_add(bend))
        }
        Ordering::Equal => {
            let (out, end) = (right.saturating_add(bend), to_right.saturating_add(5));
            format!("M{right} {y}C{out} {y} {out} {to_y} {end} {to_y}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::model::Endpoint;

    fn connection(client: &str, server: &str, port: u16) -> Connection {
        Connection {
            client_ip: client.to_owned(),
            server: Endpoint { ip: server.to_owned(), port },
            transport: "tcp".to_owned(),
            grade: "data".to_owned(),
            first_seen: String::new(),
            last_seen: String::new(),
            handshakes: 1,
        }
    }

    #[test]
    fn hosts_stand_where_their_role_says() {
        let picture = Picture::of(&[], &[connection("a", "b", 1), connection("b", "c", 2)]);
        let place = |ip: &str| picture.hosts.iter().find(|host| host.ip == ip).map(|host| (host.role, host.x));
        assert_eq!(place("a"), Some(("speaks", MARGIN)));
        assert_eq!(place("b"), Some(("both", MARGIN + LEAST_WIDTH + BETWEEN)));
        assert_eq!(place("c"), Some(("serves", MARGIN + 2 * (LEAST_WIDTH + BETWEEN))));
        assert_eq!(picture.edges.len(), 2);
    }

    #[test]
    fn a_large_network_is_a_picture_still() {
        let many: Vec<Connection> = (0..2000).map(|number| connection(&format!("c{number:04}"), "s", number)).collect();
        let picture = Picture::of(&[], &many);
        assert_eq!((picture.hosts.len(), picture.hosts_left_out), (HTML_HOSTS + 1, 2000 - HTML_HOSTS));
        assert_eq!(picture.edges.len() + picture.edges_left_out, 2000);
        assert!(picture.height < 2000 && picture.width < 1000);
    }
}
