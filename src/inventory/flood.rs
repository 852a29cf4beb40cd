//! Half-open connections by the thousand: facts about them are rationed, the rest is counted and told once.

use crate::event::Flood;
use crate::event::Scanner;
use crate::peer::Endpoint;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::time::Duration;

/// New clients of one service that may be told before the service has to wait.
const BURST: u64 = 1000;

/// New clients of one service that may be told a minute after that.
const PER_MINUTE: u64 = 200;

/// New clients of a service that are granted before it has a ration: most services never have more.
const UNCOUNTED: u8 = 64;

/// Clients of one service left out at the same time that make a flood.
const FLOOD: u64 = 1000;

/// New services of one client within a minute that make a scanner, when hardly any of them came to a connection.
const SCAN: u64 = 100;

/// Of how many services of a client one at least must be established.
const SCAN_RATIO: u64 = 10;

/// Rations of services, and what clients reach for. Both are bounded as facts are.
#[derive(Debug)]
pub(super) struct Rations {
    services: HashMap<Endpoint, Ration, RandomState>,
    clients: Clients,
    most: usize,
}

/// What clients reach for. Apart, since most are of IPv4 and take half as much.
#[derive(Debug, Default)]
struct Clients {
    v4: HashMap<u32, Reach, RandomState>,
    v6: HashMap<Ipv6Addr, Reach, RandomState>,
}

impl Clients {
    /// The entry of a client, made if there is room.
    fn entry(&mut self, client: IpAddr, most: usize, make: impl FnOnce() -> Reach) -> Option<&mut Reach> {
        match client {
            IpAddr::V4(ip) => bounded(&mut self.v4, ip.to_bits(), most.saturating_sub(self.v6.len()), make),
            IpAddr::V6(ip) => bounded(&mut self.v6, ip, most.saturating_sub(self.v4.len()), make),
        }
    }

    fn get_mut(&mut self, client: IpAddr) -> Option<&mut Reach> {
        match client {
            IpAddr::V4(ip) => self.v4.get_mut(&ip.to_bits()),
            IpAddr::V6(ip) => self.v6.get_mut(&ip),
        }
    }
}

/// What came of asking to record a new pair that has but a SYN-ACK.
pub(super) struct Asked {
    /// Whether it may be.
    pub(super) granted: bool,
    /// Whether no ration was asked, since the service had so few clients yet.
    pub(super) is_early: bool,
    /// That the service is flooded, when that is to be told.
    pub(super) flood: Option<Flood>,
    /// That the client scans, when that is to be told.
    pub(super) scanner: Option<Scanner>,
}

impl Rations {
    pub(super) fn new(most: usize) -> Self {
        Self { services: HashMap::default(), clients: Clients::default(), most }
    }

    /// Asks for a new pair. Where the tables of clients and services are full, those without an entry are not rationed: the bound
    /// on facts holds. `early` is how many clients of the service were granted without a ration, and since when it is known, if it is.
    pub(super) fn ask(&mut self, client: IpAddr, (server, early): (Endpoint, Option<(u8, Timestamp)>), at: Timestamp) -> Asked {
        let reach = self.clients.entry(client, self.most, || Reach::new(at));
        let (may_client, scans) = reach.map_or((true, None), |reach| reach.take(at));
        let scanner = scans.map(|(since, reached, established)| Scanner { client, since, reached, established });
        // Where there is a ration, it counts: what is known of the service may have been forgotten since.
        let is_early = early.is_some_and(|(granted, _)| granted < UNCOUNTED) && !self.services.contains_key(&server);
        let (granted, since) = early.unwrap_or((0, at));
        let ration = if is_early { None } else { bounded(&mut self.services, server, self.most, || Ration::new(granted.into(), since)) };
        let Some(ration) = ration else {
            return Asked { granted: may_client, is_early, flood: None, scanner };
        };
        let granted = may_client && ration.take(at);
        let left_out = if may_client && !granted { ration.leave_out(at) } else { None };
        Asked { granted, is_early, flood: left_out.map(|(since, half_open)| Flood { server, since, half_open }), scanner }
    }

    /// The client made use of a service.
    pub(super) fn client_established(&mut self, client: IpAddr) {
        self.clients.get_mut(client).into_iter().for_each(Reach::established);
    }

    /// A client of the service that was left out was established after all.
    pub(super) fn left_out_established(&mut self, server: Endpoint) {
        self.services.get_mut(&server).into_iter().for_each(Ration::established);
    }
}

/// The entry of a key, made if there is room.
fn bounded<K: Hash + Eq, V>(map: &mut HashMap<K, V, RandomState>, key: K, most: usize, make: impl FnOnce() -> V) -> Option<&mut V> {
    if map.len() >= most && !map.contains_key(&key) {
        return None;
    }
    Some(map.entry(key).or_insert_with(make))
}

/// Rations the facts of one service.
#[derive(Clone, Copy, Debug)]
struct Ration {
    used: u64,
    at: Timestamp,
    /// Since when facts are left out, and how many of them were not established since.
    left_out: Option<(Timestamp, u64)>,
    told: bool,
}

impl Ration {
    fn new(used: u64, at: Timestamp) -> Self {
        Self { used, at, left_out: None, told: false }
    }

    /// Whether a new client may be told now.
    fn take(&mut self, now: Timestamp) -> bool {
        // A clock that went back goes on from there.
        self.at = self.at.min(now);
        let refill = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX).saturating_mul(PER_MINUTE) / 60_000;
        if refill > 0 {
            self.used = self.used.saturating_sub(refill);
            self.at = now;
        }
        let free = self.used < BURST;
        self.used = self.used.saturating_add(u64::from(free));
        free
    }

    /// Leaves a client out. Tells, once, when that makes a flood: since when, and how many.
    fn leave_out(&mut self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let (since, count) = self.left_out.unwrap_or((now, 0));
        let count = count.saturating_add(1);
        self.left_out = Some((since, count));
        let flood = count >= FLOOD && !self.told;
        self.told |= flood;
        flood.then_some((since, count))
    }

    /// One that was left out was established after all.
    fn established(&mut self) {
        if let Some((_, count)) = &mut self.left_out {
            *count = count.saturating_sub(1);
        }
    }
}

/// What one client reaches for, minute by minute: in sixteen bytes that stand anywhere, for there may be many clients.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Reach {
    since: Timestamp,
    reached: u32,
    /// Services it made use of, twice, and one more when it was told that it scans.
    established: u32,
}

impl Reach {
    fn new(at: Timestamp) -> Self {
        Self { since: at, reached: 0, established: 0 }
    }

    /// Another service answered the client. Whether it may be told, and, once, that the client scans: since when, how many
    /// services answered it, and how many of these it made use of.
    fn take(&mut self, now: Timestamp) -> (bool, Option<(Timestamp, u64, u64)>) {
        self.since = self.since.min(now);
        if now.since(self.since) > Duration::from_secs(60) {
            *self = Self { established: self.established & 1, ..Self::new(now) };
        }
        self.reached = self.reached.saturating_add(1);
        let (reached, established) = (u64::from(self.reached), u64::from(self.established >> 1));
        let scans = reached > SCAN && established.saturating_mul(SCAN_RATIO) < reached;
        let tell = scans && self.established & 1 == 0;
        self.established |= u32::from(tell);
        (!scans, tell.then_some((self.since, reached, established)))
    }

    /// The client made use of a service.
    fn established(&mut self) {
        // An even step, and none beyond the most: what was told stays told.
        self.established = self.established.checked_add(2).unwrap_or(self.established);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_parts(seconds, 0, false)
    }

    #[test]
    fn a_service_may_have_a_burst_and_then_some_a_minute() {
        let mut ration = Ration::new(0, at(0));
        assert_eq!((0..5000).filter(|_| ration.take(at(0))).count(), 1000);
        assert_eq!((0..5000).filter(|_| ration.take(at(60))).count(), 200);
    }

    #[test]
    fn one_wrong_time_does_not_stop_the_clock() {
        let far = 2_000_000_000;
        let mut ration = Ration::new(0, at(0));
        assert_eq!((0..5000).filter(|_| ration.take(at(far))).count(), 1000);
        assert!(!ration.take(at(1)));
        assert_eq!((0..5000).filter(|_| ration.take(at(61))).count(), 200);
        let mut reach = Reach::new(at(far));
        // Fifty services a minute are no scan, however many minutes there are.
        assert!((0..1000).all(|count| reach.take(at(1 + count / 50 * 61)) == (true, None)));
    }

    #[test]
    fn a_flood_is_told_once_and_what_is_established_is_none() {
        let mut ration = Ration::new(0, at(0));
        for _ in 0..5000 {
            assert_eq!(ration.leave_out(at(1)), None);
            ration.established();
        }
        let told: Vec<_> = (0..5000).filter_map(|_| ration.leave_out(at(2))).collect();
        assert_eq!(told, [(at(1), 1000)]);
    }

    #[test]
    fn a_client_is_small() {
        assert_eq!((size_of::<Reach>(), size_of::<(u32, Reach)>()), (16, 20));
    }

    #[test]
    fn clients_of_both_families_have_one_bound() {
        let mut clients = Clients::default();
        let mut enter = |client: &str| clients.entry(client.parse().unwrap(), 2, || Reach::new(at(0))).is_some();
        assert_eq!(["10.0.0.1", "::1", "::2", "10.0.0.2", "::1", "10.0.0.1"].map(&mut enter), [true, true, false, false, true, true]);
        assert!(clients.get_mut("::1".parse().unwrap()).is_some() && clients.get_mut("::2".parse().unwrap()).is_none());
    }

    #[test]
    fn a_scanner_is_told_once_and_a_browser_is_none() {
        let mut reach = Reach::new(at(0));
        let answers: Vec<_> = (0..300).map(|_| reach.take(at(1))).collect();
        assert_eq!(answers.iter().filter(|(may, _)| *may).count(), 100);
        assert_eq!(answers.iter().filter_map(|(_, told)| *told).collect::<Vec<_>>(), [(at(0), 101, 0)]);
        let mut reach = Reach::new(at(0));
        for _ in 0..300 {
            assert_eq!(reach.take(at(1)), (true, None));
            reach.established();
        }
    }
}
