//! Who serves, and how much is said there: counts over the whole run, and rates of the last seconds of the capture.

use super::super::services;
use crate::peer::Endpoint;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Seconds that a rate looks back; ten, so that a tenth of what they hold is the rate.
const WINDOW: i64 = 10;
/// A place for each of these seconds.
const SLOTS: usize = 10;

/// A second of the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    second: i64,
    messages: u64,
    bytes: u64,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Service {
    /// The protocol of its sessions, or the registered name of its port.
    pub(super) name: &'static str,
    /// Sessions that were identified.
    pub(super) sessions: u64,
    /// Messages of both sides.
    pub(super) messages: u64,
    /// Payload bytes: of messages, and of other connections once they end.
    pub(super) bytes: u64,
    recent: [Slot; SLOTS],
}

/// What a service did in the last ten seconds: messages and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    /// Messages in ten seconds.
    pub(super) messages: u64,
    /// Bytes in ten seconds.
    pub(super) bytes: u64,
}

impl Service {
    /// Counts what was said at a moment.
    fn said(&mut self, at: Timestamp, messages: u64, bytes: u64) {
        self.messages = self.messages.saturating_add(messages);
        self.bytes = self.bytes.saturating_add(bytes);
        let second = second(at);
        let place = usize::try_from(second.rem_euclid(WINDOW)).unwrap_or(0);
        let Some(slot) = self.recent.get_mut(place) else { return };
        if slot.second != second {
            *slot = Slot { second, ..Slot::default() };
        }
        slot.messages = slot.messages.saturating_add(messages);
        slot.bytes = slot.bytes.saturating_add(bytes);
    }

    /// What it did in the ten seconds before a moment.
    pub(super) fn rate(&self, now: Timestamp) -> Rate {
        let now = second(now);
        let fresh = self.recent.iter().filter(|slot| slot.second <= now && slot.second > now.saturating_sub(WINDOW));
        fresh.fold(Rate::default(), |sum, slot| Rate {
            messages: sum.messages.saturating_add(slot.messages),
            bytes: sum.bytes.saturating_add(slot.bytes),
        })
    }
}

/// The second of a moment.
fn second(at: Timestamp) -> i64 {
    at.nanos().div_euclid(1_000_000_000)
}

/// All services, up to a bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    known: BTreeMap<Endpoint, Service>,
    most: usize,
    /// Facts and sessions of services that found no place.
    pub(super) more: u64,
}

impl Services {
    /// None, and at most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { known: BTreeMap::new(), most, more: 0 }
    }

    /// The service at an address, if there is a place for it. A new one beyond the bound is counted.
    pub(super) fn at(&mut self, server: Endpoint) -> Option<&mut Service> {
        if !self.known.contains_key(&server) {
            if self.known.len() >= self.most {
                self.more = self.more.saturating_add(1);
                return None;
            }
            let name = services::name(server.port).unwrap_or_default();
            self.known.insert(server, Service { name, ..Service::default() });
        }
        self.known.get_mut(&server)
    }

    /// Counts a session.
    pub(super) fn session(&mut self, server: Endpoint, protocol: &'static str) {
        if let Some(service) = self.at(server) {
            // What is inside TLS tells more.
            if protocol != "tls" || service.sessions == 0 {
                service.name = protocol;
            }
            service.sessions = service.sessions.saturating_add(1);
        }
    }

    /// Counts what was said at a service that is known.
    pub(super) fn said(&mut self, server: Endpoint, at: Timestamp, messages: u64, bytes: u64) {
        if let Some(service) = self.known.get_mut(&server) {
            service.said(at, messages, bytes);
        }
    }

    /// All of them: those that said most first, others in the order of their addresses.
    pub(super) fn ranked(&self) -> Vec<(Endpoint, &Service)> {
        let mut ranked: Vec<(Endpoint, &Service)> = self.known.iter().map(|(server, service)| (*server, service)).collect();
        ranked.sort_by_key(|(_, service)| std::cmp::Reverse((service.sessions > 0, service.bytes)));
        ranked
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_nanos(second * 1_000_000_000 + 5, false)
    }

    fn server(port: u16) -> Endpoint {
        Endpoint { ip: [192, 0, 2, 1].into(), port }
    }

    #[test]
    fn a_rate_is_that_of_the_last_ten_seconds() {
        let mut services = Services::new(2);
        services.session(server(1241), "nessus_ntp");
        for second in 0..25 {
            services.said(server(1241), at(second), 2, 100);
        }
        let service = services.ranked()[0].1;
        assert_eq!((service.messages, service.bytes), (50, 2500));
        assert_eq!(service.rate(at(24)), Rate { messages: 20, bytes: 1000 });
        assert_eq!(service.rate(at(29)), Rate { messages: 10, bytes: 500 });
        assert_eq!(service.rate(at(34)), Rate::default());
    }

    #[test]
    fn beyond_the_bound_services_are_counted() {
        let mut services = Services::new(2);
        for port in [1, 2, 3, 1, 4] {
            services.session(server(port), "x");
        }
        assert_eq!((services.len(), services.more), (2, 2));
    }
}
