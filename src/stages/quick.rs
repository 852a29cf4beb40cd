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
        // The doctor is asked first, and counts last: whoever declines leaves no trace.
        if self.doctor.samples(&headers) || !flows.pass(&headers, self) {
            return false;
        }
        self.doctor.passed(&headers);
        self.out.tally.segment();
        true
    }
}
