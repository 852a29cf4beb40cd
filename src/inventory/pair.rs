//! A client and a service it talks to: the facts that they may teach.

use super::packed::Packed;
use crate::fact::Direction;
use crate::peer::Endpoint;
use std::net::IpAddr;

/// Who talks to whom, as far as both count.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) client: IpAddr,
    pub(super) server: Endpoint,
    pub(super) direction: Direction,
    /// Whether the client's port has no row: it follows from the connections.
    pub(super) derives: bool,
}

impl Pair {
    /// The relations that such a pair may have, and whether it teaches each, in the order they are told.
    ///
    /// | client | server | facts |
    /// |---|---|---|
    /// | inside | inside | service, client port, connection (internal) |
    /// | inside | outside | client port, connection (outbound) |
    /// | outside | inside | service, connection (inbound) |
    /// | outside | outside, or one end excluded | none |
    pub(super) fn relations(self) -> [(Packed, bool); 3] {
        let [service, client_port, connection] = Packed::of_pair(self.client, self.server);
        let (inside, uses) = (self.direction != Direction::Outbound, self.direction != Direction::Inbound);
        [(service, inside), (client_port, uses && !self.derives), (connection, true)]
    }
}

/// A relation if it is taught.
pub(super) fn taught((relation, taught): &(Packed, bool)) -> Option<&Packed> {
    taught.then_some(relation)
}

/// The relations of which a sight of a connection is one, when it is known whether that is recorded: a client's port is the sum of its
/// recorded connections.
pub(super) fn seen(relations: &[(Packed, bool); 3], known: bool) -> impl Iterator<Item = Option<&Packed>> {
    relations.iter().map(move |relation| taught(relation).filter(|relation| known || relation.is_service()))
}
