//! The two closing tables: who serves, and who speaks.

use super::page::Page;
use super::page::palette;
use super::services;
use super::words;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Known;
use crate::fact::Relation;
use crate::peer::Endpoint;
use crate::time::Timestamp;
use comfy_table::CellAlignment;
use comfy_table::ContentArrangement;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::net::IpAddr;

/// Rows kept of each table. At some 200 bytes a row this is 13 MB; who has more wants the records, not a table.
const MOST_ROWS: usize = 65_536;
/// Rows shown of each table.
const SHOWN_ROWS: usize = 50;
/// Ports and services named in a row.
const NAMED: usize = 4;
/// Columns from which on there is room for both times of a service.
const WIDE: usize = 100;

/// Collects facts for the tables.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    services: HashMap<Endpoint, Service>,
    clients: HashMap<IpAddr, Client>,
    /// Facts without a row, because there were too many rows.
    left_out: u64,
}

/// A row of who serves.
#[derive(Debug, Default)]
struct Service {
    known: Option<Known>,
    clients: u64,
}

impl Service {
    /// Adds what a fact knows: that of the service itself, or of a client's connection where the service is outside the focus.
    fn learn(&mut self, other: &Known) {
        let Some(known) = &mut self.known else {
            self.known = Some(other.clone());
            return;
        };
        known.grade = known.grade.max(other.grade);
        known.first_at = known.first_at.min(other.first_at);
        known.last_at = known.last_at.max(other.last_at);
    }
}

/// A row of who speaks.
#[derive(Debug, Default)]
struct Client {
    ports: Named<u16>,
    services: Named<Endpoint>,
}

/// The least of many, in order, and how many there are.
#[derive(Debug)]
struct Named<T> {
    first: Vec<T>,
    count: u64,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { first: Vec::new(), count: 0 }
    }
}

impl<T: Display + Ord> Named<T> {
    fn add(&mut self, item: T) {
        self.count = self.count.saturating_add(1);
        let place = self.first.partition_point(|other| *other < item);
        self.first.insert(place, item);
        self.first.truncate(NAMED);
    }

    /// `a, b and N more`.
    fn list(&self) -> String {
        let named: Vec<String> = self.first.iter().map(ToString::to_string).collect();
        let more = self.count.saturating_sub(u64::try_from(named.len()).unwrap_or(u64::MAX));
        let named = named.join(", ");
        if more > 0 { format!("{named} and {more} more") } else { named }
    }
}

impl Inventory {
    /// Takes the facts of a run, or of a file of facts.
    pub(super) fn take(&mut self, facts: &dyn Facts) {
        facts.each(&mut |fact| {
            if !self.fact(fact) {
                self.left_out = self.left_out.saturating_add(1);
            }
        });
    }

    /// Takes a fact; false when there was no room for it.
    fn fact(&mut self, fact: &Fact) -> bool {
        let Self { services, clients, .. } = self;
        match fact.relation {
            Relation::Service(server) => row(services, server).map(|service| service.learn(&fact.known)),
            Relation::ClientPort(client, port) => row(clients, client).map(|client| client.ports.add(port)),
            Relation::Connection(client, server) => {
                let service = row(services, server).map(|service| {
                    service.clients = service.clients.saturating_add(1);
                    service.learn(&fact.known);
                });
                row(clients, client).map(|client| client.services.add(server)).and(service)
            }
        }
        .is_some()
    }

    /// Draws who serves: the services with the most clients first.
    pub(super) fn draw_services(&self, page: &mut Page) {
        heading(page, "who serves");
        let mut rows: Vec<_> =
            self.services.iter().filter_map(|(server, service)| Some((server, service, service.known.as_ref()?))).collect();
        rows.sort_unstable_by_key(|(server, service, _)| (Reverse(service.clients), **server));
        let wide = page.width() >= WIDE;
        let mut header = vec!["server", "port", "service", "evidence", "clients", "first seen", "last seen"];
        if !wide {
            header.remove(5);
        }
        let mut table = table(page, &header, &[1, 4]);
        for (server, service, known) in rows.iter().take(SHOWN_ROWS) {
            let mut cells = vec![
                server.ip.to_string(),
                server.port.to_string(),
                services::name(server.port).unwrap_or_default().to_owned(),
                known.grade.name().to_owned(),
                service.clients.to_string(),
            ];
            cells.extend(wide.then(|| moment(known.first_at)));
            cells.push(moment(known.last_at));
            table.add_row(cells);
        }
        draw(page, &table, rows.len(), "no service was seen");
    }

    /// Draws who speaks: the clients that reached most services first.
    pub(super) fn draw_clients(&self, page: &mut Page) {
        heading(page, "who speaks");
        let mut rows: Vec<_> = self.clients.iter().collect();
        rows.sort_unstable_by_key(|(ip, client)| (Reverse(client.services.count), **ip));
        let mut table = table(page, &["client", "ports used", "services", "reached"], &[2]);
        for (ip, client) in rows.iter().take(SHOWN_ROWS) {
            table.add_row([ip.to_string(), client.ports.list(), client.services.count.to_string(), client.services.list()]);
        }
        draw(page, &table, rows.len(), "no client was seen");
    }

    /// Says when the tables are not whole.
    pub(super) fn draw_left_out(&self, page: &mut Page) {
        if self.left_out > 0 {
            let facts = words::count(self.left_out, "fact");
            page.put(palette::ALARM, "!! ");
            page.wrapped(palette::PLAIN, 3, &format!("{facts} not in the tables: they hold {MOST_ROWS} rows; jsonl has all"));
        }
    }
}

/// The row of a key, made when there is room; else nothing.
fn row<K: Hash + Eq, V: Default>(rows: &mut HashMap<K, V>, key: K) -> Option<&mut V> {
    if rows.len() >= MOST_ROWS && !rows.contains_key(&key) {
        return None;
    }
    Some(rows.entry(key).or_default())
}

/// A moment to the minute, to compare rows by: `2005-01-06 08:26`.
fn moment(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect::<String>().replace('T', " ")
}

/// Draws the bar over a part of the closing.
pub(super) fn heading(page: &mut Page, title: &str) {
    page.packed(palette::BAR, 0, "", [format!("━━ {title}").as_str()]);
}

/// An empty table; the numbered columns hold numbers.
fn table(page: &Page, header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(page.width()).unwrap_or(u16::MAX)).set_header(header);
    for &number in numbers {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Draws a table and how many rows it leaves out.
fn draw(page: &mut Page, table: &Table, rows: usize, nothing: &str) {
    if rows == 0 {
        page.wrapped(palette::FAINT, 3, nothing);
    } else {
        for line in table.lines() {
            page.put(palette::PLAIN, &line);
            page.end();
        }
    }
    let more = rows.saturating_sub(SHOWN_ROWS);
    if more > 0 {
        page.wrapped(palette::FAINT, 3, &format!("{more} more"));
    }
    page.end();
}
