//! How often a client has tried to log in to a service, over all its connections: many refused tries are a search for passwords.

use crate::event::LoginJudged;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use hashbrown::HashSet;
use std::hash::BuildHasher;
use std::net::IpAddr;

/// User names told apart for one client and service: enough to call it a search.
const MOST_USERS: usize = 1024;

/// Tries by client and service. Bounded: a full table forgets nothing, and counts new pairs as their first try.
#[derive(Debug)]
pub(super) struct Logins {
    most: usize,
    tries: HashMap<(IpAddr, Endpoint), Tries, RandomState>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Tries {
    all: u64,
    refused: u64,
    /// Hashes of the user names tried.
    users: HashSet<u64, RandomState>,
}

impl Logins {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { most: limits.logins, tries: HashMap::default(), hasher: RandomState::default() }
    }

    /// Counts a try and says what it was.
    pub(super) fn judge<'a>(&mut self, flow: &Flow, user: &'a [u8], accepted: bool) -> LoginJudged<'a> {
        let pair = (flow.client.ip, flow.server);
        let mut first = Tries::default();
        let tries =
            if self.tries.len() < self.most || self.tries.contains_key(&pair) { self.tries.entry(pair).or_default() } else { &mut first };
        tries.all = tries.all.saturating_add(1);
        tries.refused = tries.refused.saturating_add(u64::from(!accepted));
        if tries.users.len() < MOST_USERS {
            tries.users.insert(self.hasher.hash_one(user));
        }
        let users = u64::try_from(tries.users.len()).unwrap_or(u64::MAX);
        LoginJudged { client: flow.client.ip, server: flow.server, user, accepted, attempt: tries.all, refused: tries.refused, users }
    }
}
