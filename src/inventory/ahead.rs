//! A look at the facts of packets that come next, so that they are at hand when they are asked for.

use super::Inventory;
use super::packed::Packed;
use crate::peer::Endpoint;

/// What the facts of a pair are looked up by: those that have rows.
pub(crate) type Hashes = [Option<u64>; 3];

impl Inventory {
    /// What the facts of a pair are looked up by.
    pub(crate) fn hashes(&self, client: Endpoint, server: Endpoint) -> Hashes {
        let [service, client_port, connection] = Packed::of_pair(client.ip, server);
        [Some(service), Some(client_port).filter(|_| !self.derives), Some(connection)]
            .map(|relation| relation.map(|relation| self.table.hash(&relation)))
    }

    /// Has fetched what tells where facts of these hashes are.
    pub(crate) fn fetch_index(&self, hashes: Hashes) {
        hashes.into_iter().flatten().for_each(|hash| self.table.fetch_index(hash));
    }

    /// Has fetched what most likely are the facts of these hashes.
    pub(crate) fn fetch_entries(&self, hashes: Hashes) {
        hashes.into_iter().flatten().for_each(|hash| self.table.fetch_entry(hash));
    }
}
