//! The short way of the usual packet: what only counts is counted, and nothing is made of it.

use super::Stages;
use crate::capture::Frame;
use crate::decode::Decoder;
use crate::flow::Flows;

impl Stages<'_> {
    /// Takes an admitted frame whose segment would tell nobody anything. False where it has to go the way of all others.
    pub(crate) fn pass(&mut self, frame: &Frame<'_>, decoder: &mut Decoder, flows: &mut Flows) -> bool {
        if self.out.packets.is_some() || self.upkeep.explains() {
            return false;
        }
        let Some(headers) = decoder.headers(frame) else { return false };
        if self.doctor.is_due(headers.at) || !flows.pass(&headers, self) {
            return false;
        }
        if self.doctor.samples(&headers) {
            // Nothing is due, so it has nothing to say.
            self.doctor.segment(&headers.segment());
        } else {
            self.doctor.passed(&headers);
        }
        self.out.tally.segment();
        true
    }
}
