//! The two closing tables: who serves, and who speaks.

use super::page::Page;
use super::page::palette;
use super::words;
use crate::event::EventKind;
use crate::event::Grade;
use crate::peer::Endpoint;
use comfy_table::CellAlignment;
use comfy_table::ContentArrangement;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;

/// Rows kept of each table. At some 200 bytes a row this is 13 MB; who has more wants the records, not a table.
const MOST_ROWS: usize = 65_536;
/// Rows shown of each table.
const SHOWN_ROWS: usize = 50;
/// Ports and services named in a row.
const NAMED: usize = 4;

/// Collects facts for the tables. Counts on every fact coming once, as `inventory` promises.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    services: BTreeMap<Endpoint, Service>,
    clients: BTreeMap<IpAddr, Client>,
    /// Facts without a row, because there were too many rows.
    left_out: u64,
}

/// A row of who serves.
#[derive(Debug, Default)]
struct Service {
    grade: Option<Grade>,
    clients: u64,
}

/// A row of who speaks.
#[derive(Debug, Default)]
struct Client {
    ports: Named<u16>,
    services: Named<Endpoint>,
}

/// The first few of many, and how many there are.
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

impl<T: Display> Named<T> {
    fn add(&mut self, item: T) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < NAMED {
            self.first.push(item);
        }
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
    /// Takes a fact; other events are nothing to it.
    pub(super) fn event(&mut self, kind: &EventKind<'_>) {
        let done = match kind {
            EventKind::ServiceSeen(fact) => row(&mut self.services, fact.server).map(|service| service.grade = Some(fact.grade)),
            EventKind::ClientPortSeen(fact) => row(&mut self.clients, fact.client).map(|client| client.ports.add(fact.port)),
            EventKind::ConnectionSeen(fact) => {
                let service = row(&mut self.services, fact.server).map(|service| {
                    service.clients = service.clients.saturating_add(1);
                    service.grade = service.grade.or(Some(fact.grade));
                });
                row(&mut self.clients, fact.client).map(|client| client.services.add(fact.server)).and(service)
            }
            EventKind::ConnectionConfirmed(fact, _) => {
                let raise = |service: &mut Service| service.grade = service.grade.max(Some(fact.grade));
                self.services.get_mut(&fact.server).map(raise)
            }
            _ => return,
        };
        if done.is_none() {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Draws who serves: the services with the most clients first.
    pub(super) fn draw_services(&self, page: &mut Page) {
        heading(page, "who serves");
        let mut rows: Vec<_> = self.services.iter().collect();
        rows.sort_by_key(|(server, service)| (Reverse(service.clients), **server));
        let mut table = table(page, &["server", "port", "evidence", "clients"], &[1, 3]);
        for (server, service) in rows.iter().take(SHOWN_ROWS) {
            let evidence = match service.grade {
                Some(Grade::Data) => "data",
                Some(Grade::Established) => "established",
                Some(Grade::Probe) => "SYN-ACK, then refused",
                Some(Grade::SynAck) => "SYN and SYN-ACK",
                Some(Grade::SynAckOnly) | None => "SYN-ACK only",
            };
            table.add_row([server.ip.to_string(), server.port.to_string(), evidence.to_owned(), service.clients.to_string()]);
        }
        draw(page, &table, rows.len(), "no service was seen");
    }

    /// Draws who speaks: the clients that reached most services first.
    pub(super) fn draw_clients(&self, page: &mut Page) {
        heading(page, "who speaks");
        let mut rows: Vec<_> = self.clients.iter().collect();
        rows.sort_by_key(|(ip, client)| (Reverse(client.services.count), **ip));
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
fn row<K: Ord, V: Default>(rows: &mut BTreeMap<K, V>, key: K) -> Option<&mut V> {
    if rows.len() >= MOST_ROWS && !rows.contains_key(&key) {
        return None;
    }
    Some(rows.entry(key).or_default())
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
