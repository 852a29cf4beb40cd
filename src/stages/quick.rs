//! The short way of the usual packet: what only counts is counted, and nothing is made of it.

use super::Stages;
use crate::decode::Headers;
use crate::flow::Flows;

impl Stages<'_> {
    /// Takes the headers of an admitted frame whose segment would tell nobody anything. False, and nothing done, where it has to go the
    /// way of all others.
    pub(crate) fn pass(&mut self, headers: &Headers<'_>, flows: &mut Flows) -> bool {
        let is_told = self.out.packets.is_some() || self.upkeep.explains() || self.doctor.is_due(headers.at);
        if is_told || !flows.pass(headers, self.wants_parts(), self) {
            return false;
        }
        if self.doctor.samples(headers) {
            // Nothing is due, so it has nothing to say.
            self.doctor.segment(&headers.segment());
        } else {
            self.doctor.passed(headers);
        }
        self.out.tally.segment();
        true
    }
}
