//! A look at the packets that come next: what tables will be asked for is fetched for many of them at once, where each alone would wait
//! for memory.

use super::Stages;
use crate::capture::Source;
use crate::decode;
use crate::decode::Flags;
use crate::flow::Flows;
use crate::inventory::Hashes;

/// Packets looked at together: as many as a processor fetches memory for at the same time.
const TOGETHER: usize = 16;

/// What a coming packet will be looked up by: its connection, and, where it answers, its facts.
#[derive(Clone, Copy, Default)]
struct Coming {
    flow: (u64, Option<u64>),
    facts: Option<Hashes>,
}

impl Stages<'_> {
    /// Looks at the frames that come next, when those of the last look have gone by. Nothing is decided here, and nothing changes: it only
    /// is at hand when it is asked for.
    pub(crate) fn look_ahead(&mut self, source: &dyn Source, flows: &Flows) {
        if let Some(left) = self.looked_at.checked_sub(1) {
            self.looked_at = left;
            return;
        }
        self.looked_at = TOGETHER.saturating_sub(1);
        if !flows.is_large() {
            return;
        }
        let mut coming = [Coming::default(); TOGETHER];
        let mut free = coming.iter_mut();
        source.ahead(TOGETHER, &mut |frame| {
            if let (Some(headers), Some(coming)) = (decode::usual(frame), free.next()) {
                let answers = headers.flags.has(Flags::SYN | Flags::ACK);
                let facts = answers.then(|| self.inventory.hashes(headers.destination.endpoint(), headers.source.endpoint()));
                *coming = Coming { flow: flows.hashes(&headers), facts };
            }
        });
        // First what tells where to look, of all of them; then what is looked at.
        for Coming { flow, facts } in &coming {
            flows.fetch_index(*flow);
            if let Some(facts) = facts {
                self.inventory.fetch_index(*facts);
            }
        }
        for Coming { flow, facts } in &coming {
            flows.fetch_entry(*flow);
            if let Some(facts) = facts {
                self.inventory.fetch_entries(*facts);
            }
        }
    }
}
