//! The two closing tables: who serves, and who speaks.

use super::page::Page;
use super::page::palette;
use super::services;
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
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::fmt::Display;
use std::hash::Hash;
use std::net::IpAddr;

/// Rows shown of each table.
const SHOWN_ROWS: usize = 50;
/// Ports and services named in a row.
const NAMED: usize = 4;
/// Columns from which on there is room for both times of a service.
const WIDE: usize = 100;

/// Collects facts for the tables: who has a row is counted first, so that only the rows shown are made.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    services: HashMap<Endpoint, Service, RandomState>,
    clients: HashMap<IpAddr, Client, RandomState>,
    /// Rows there would be in all.
    all_services: usize,
    all_clients: usize,
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
        let (mut clients_of, mut services_of) = (Counts::<Endpoint>::default(), Counts::<IpAddr>::default());
        facts.each(&mut |fact| match fact.relation {
            Relation::Service(server) => count(&mut clients_of, server, 0),
            Relation::ClientPort(client, _) => count(&mut services_of, client, 0),
            Relation::Connection(client, server) => {
                count(&mut clients_of, server, 1);
                count(&mut services_of, client, 1);
            }
        });
        (self.all_services, self.all_clients) = (clients_of.len(), services_of.len());
        self.services = shown(clients_of).map(|(server, clients)| (server, Service { known: None, clients })).collect();
        self.clients = shown(services_of).map(|(client, _)| (client, Client::default())).collect();
        facts.each(&mut |fact| self.fact(fact));
    }

    /// Takes a fact into the rows it belongs to.
    fn fact(&mut self, fact: &Fact) {
        if let Relation::Service(server) | Relation::Connection(_, server) = fact.relation
            && let Some(service) = self.services.get_mut(&server)
        {
            service.learn(&fact.known);
        }
        match fact.relation {
            Relation::Service(_) => {}
            Relation::ClientPort(client, port) => self.clients.get_mut(&client).into_iter().for_each(|client| client.ports.add(port)),
            Relation::Connection(client, server) => {
                self.clients.get_mut(&client).into_iter().for_each(|client| client.services.add(server));
            }
        }
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
        for (server, service, known) in rows {
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
        draw(page, &table, self.all_services, "no service was seen");
    }

    /// Draws who speaks: the clients that reached most services first.
    pub(super) fn draw_clients(&self, page: &mut Page) {
        heading(page, "who speaks");
        let mut rows: Vec<_> = self.clients.iter().collect();
        rows.sort_unstable_by_key(|(ip, client)| (Reverse(client.services.count), **ip));
        let mut table = table(page, &["client", "ports used", "services", "reached"], &[2]);
        for (ip, client) in rows {
            table.add_row([ip.to_string(), client.ports.list(), client.services.count.to_string(), client.services.list()]);
        }
        draw(page, &table, self.all_clients, "no client was seen");
    }
}

/// How many of the other side each has.
type Counts<K> = HashMap<K, u64, RandomState>;

fn count<K: Hash + Eq>(counts: &mut Counts<K>, key: K, more: u64) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(more);
}

/// The keys that have a row: those with the highest counts, and of equal ones the least.
fn shown<K: Copy + Ord>(counts: Counts<K>) -> impl Iterator<Item = (K, u64)> {
    let mut rows: Vec<(Reverse<u64>, K)> = counts.into_iter().map(|(key, count)| (Reverse(count), key)).collect();
    // Of a hundred thousand, fifty: only these are put in order.
    if rows.len() > SHOWN_ROWS {
        rows.select_nth_unstable(SHOWN_ROWS);
        rows.truncate(SHOWN_ROWS);
    }
    rows.sort_unstable();
    rows.into_iter().map(|(Reverse(count), key)| (key, count))
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
