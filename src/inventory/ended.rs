//! What is known when a run is over. Where clients' ports had no rows of their own they follow from the connections here.

use super::row::Row;
use crate::fact::Fact;
use crate::fact::Facts;

/// The facts of a run that is over: those that were told.
#[derive(Debug)]
pub struct Ended {
    /// Connections of the same client and port stand together where the port is to follow from them.
    rows: Vec<Row>,
    derives: bool,
}

impl Ended {
    /// Of all rows there are; `derives` where clients' ports follow from their connections. They are put in order where they are: a second
    /// table of a million facts would be the most memory of the run.
    pub(super) fn new(mut rows: Vec<Row>, derives: bool) -> Self {
        rows.retain(Row::is_told);
        if derives {
            rows.sort_unstable_by(|one, other| one.compare_client_ports(other));
        }
        Self { rows, derives }
    }

    /// Facts of each kind: services, client ports, connections.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        let mut counts = [0_u64; 3];
        let mut count = |kind: usize| counts.get_mut(kind).into_iter().for_each(|count| *count = count.saturating_add(1));
        self.rows.iter().for_each(|row| count(row.kind()));
        self.ports(&mut |port| count(port.kind()));
        counts
    }

    /// The ports that follow from connections, one after the other.
    fn ports(&self, take: &mut dyn FnMut(&Row)) {
        let rows = if self.derives { self.rows.as_slice() } else { &[] };
        for same in rows.chunk_by(|one, other| one.compare_client_ports(other).is_eq()) {
            if let Some(port) = port_of(same) {
                take(&port);
            }
        }
    }
}

/// The client's port that these are all connections of, if they are connections.
fn port_of(connections: &[Row]) -> Option<Row> {
    let mut port: Option<Row> = None;
    for connection in connections {
        let relation = connection.packed().client_port()?;
        port.get_or_insert_with(|| Row::new(relation, connection.first_at())).join(connection.part());
    }
    port
}

impl Facts for Ended {
    fn each(&self, take: &mut dyn FnMut(&Fact)) {
        self.rows.iter().for_each(|row| take(&row.fact()));
        self.ports(&mut |port| take(&port.fact()));
    }
}
