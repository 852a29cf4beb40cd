//! What is known when a run is over. Where clients' ports had no rows of their own they follow from the connections here.

use super::row::Part;
use super::row::Row;
use crate::fact::Fact;
use crate::fact::Facts;

/// The facts of a run that is over: those that were told.
#[derive(Debug)]
pub struct FinalFacts {
    /// Connections of the same client and port stand together where the port is to follow from them.
    rows: Vec<Row>,
    derives: bool,
    counts: [u64; 3],
}

impl FinalFacts {
    /// Of all rows there are; `derives` where clients' ports follow from their connections. They are put in order where they are: a second
    /// table of a million facts would be the most memory of the run.
    pub(super) fn new(mut rows: Vec<Row>, derives: bool) -> Self {
        rows.retain(Row::is_told);
        if derives {
            rows.sort_unstable_by(Row::compare_client_ports);
        }
        let mut ended = Self { rows, derives, counts: [0; 3] };
        ended.counts = ended.count();
        ended
    }

    /// Facts of each kind: services, client ports, connections.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        self.counts
    }

    fn count(&self) -> [u64; 3] {
        let mut counts = [0_u64; 3];
        for row in &self.rows {
            counts.get_mut(row.kind()).into_iter().for_each(|count| *count = count.saturating_add(1));
        }
        let ports = self.same_ports().filter(|same| same.first().is_some_and(Row::is_connection)).count();
        let [_, client_ports, _] = &mut counts;
        *client_ports = client_ports.saturating_add(u64::try_from(ports).unwrap_or(u64::MAX));
        counts
    }

    /// Rows of the same client and port, where these are to follow from connections; or of the same port of services.
    fn same_ports(&self) -> impl Iterator<Item = &[Row]> {
        let rows = if self.derives { self.rows.as_slice() } else { &[] };
        rows.chunk_by(|one, other| one.compare_client_ports(other).is_eq())
    }
}

/// The client's port that these are all connections of, if they are connections.
fn port_of(connections: &[Row]) -> Option<Fact> {
    let port = connections.first()?.packed().client_port()?;
    let sum = connections.iter().map(Row::part).reduce(Part::join)?;
    Some(Fact { relation: port.relation(), direction: None, known: sum.known() })
}

impl Facts for FinalFacts {
    fn each(&self, take: &mut dyn FnMut(&Fact)) {
        self.rows.iter().for_each(|row| take(&row.fact()));
        self.same_ports().filter_map(port_of).for_each(|port| take(&port));
    }
}
