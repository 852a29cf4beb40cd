//! What a reader of a document must not conclude: what was lost, cut, guessed or left out.

use super::dialogue::Dialogue;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::event::Summary;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::limits;
use crate::origin::Input;
use crate::report::words::count;
use std::collections::BTreeSet;

/// Reasons to doubt, counted.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Bytes of streams that are missing, and those of frames that were cut.
    lost: u64,
    cut: u64,
    midstream: u64,
    guessed: u64,
    encrypted: u64,
    clock: bool,
    frames_cut: u64,
    unhashed: bool,
    damaged: bool,
    /// Limits that were reached.
    limits: BTreeSet<&'static str>,
    dropped: u64,
    phases_left_out: u64,
    pub(super) sessions_left_out: u64,
    pub(super) messages_left_out: u64,
    pub(super) anomalies_left_out: u64,
    pub(super) stories_left_out: u64,
    pub(super) facts_left_out: u64,
}

impl Doubts {
    /// A session is over.
    pub(super) fn session(&mut self, dialogue: &Dialogue) {
        let session = &dialogue.session;
        let add = |count: &mut u64, yes: bool| *count = count.saturating_add(u64::from(yes));
        // Datagrams have no beginning that could be missed.
        let is_stream = session.transport != "udp";
        add(&mut self.midstream, is_stream && !matches!(session.roles_from.as_str(), "handshake" | "synack" | "syn"));
        add(&mut self.guessed, matches!(session.roles_from.as_str(), "known_port" | "lower_port"));
        add(&mut self.encrypted, session.tls.as_ref().is_some_and(|tls| tls.opened_with.is_none()));
        self.phases_left_out = self.phases_left_out.saturating_add(dialogue.phases_left_out);
    }

    /// Something odd was found.
    pub(super) fn anomaly(&mut self, anomaly: &Anomaly) {
        match anomaly {
            Anomaly::Gap { bytes, reason: GapReason::SnapLength, .. } => self.cut = self.cut.saturating_add(*bytes),
            Anomaly::Gap { bytes, .. } => self.lost = self.lost.saturating_add(*bytes),
            Anomaly::TimeWentBack { .. } => self.clock = true,
            Anomaly::LimitReached { limit, .. } => {
                self.limits.insert(limit);
            }
            _ => {}
        }
    }

    /// The end of the run.
    pub(super) fn summary(&mut self, summary: &Summary) {
        let all = summary.received_in_all().unwrap_or_default();
        let cut = |input: &Input| input.sight.truncated;
        self.frames_cut = summary.inputs.iter().map(cut).fold(0, u64::saturating_add);
        self.unhashed = summary.inputs.iter().any(|input| input.origin.kind == "stdin");
        self.damaged = summary.inputs.iter().any(|input| input.origin.damage.is_some());
        self.dropped = all.dropped_by_kernel.saturating_add(all.dropped_by_interface);
    }

    /// All of them as sentences, in the order of their codes.
    pub(super) fn limitations(&self) -> Vec<Limitation> {
        let mut said = Vec::new();
        let mut say = |code, number: u64, text: String| {
            if number > 0 {
                said.push(Limitation { code, text });
            }
        };
        say(
            LimitationCode::PacketLoss,
            self.lost,
            format!("{} of streams are missing: what they held is not here", count(self.lost, "byte")),
        );
        say(LimitationCode::PacketLoss, self.dropped, format!("{} were lost before they could be read", count(self.dropped, "packet")));
        let cut = count(self.cut, "byte");
        say(LimitationCode::TruncatedPackets, self.cut, format!("{cut} of streams are missing because frames were cut when captured"));
        say(LimitationCode::TruncatedPackets, self.frames_cut, format!("{} cut when captured", were(self.frames_cut, "frame")));
        let sessions = count(self.midstream, "session");
        say(LimitationCode::Midstream, self.midstream, format!("{sessions} without the begin: what came before is not known"));
        let sessions = count(self.encrypted, "session");
        say(LimitationCode::Encrypted, self.encrypted, format!("{sessions} stayed encrypted: nothing is said of their content"));
        for limit in &self.limits {
            say(LimitationCode::Capped, 1, format!("the limit {limit} was reached: something is left out, see the anomalies"));
        }
        let capped = [
            (self.sessions_left_out, "session", "too many were open at once"),
            (self.messages_left_out, "message", "there was no room for them"),
            (self.phases_left_out, "phase", "their sessions had too many"),
            (self.stories_left_out, "storie", "there were too many"),
            (self.facts_left_out, "fact", "there were too many"),
        ];
        for (number, noun, why) in capped {
            say(LimitationCode::Capped, number, format!("{} left out: {why}", count(number, noun).replace("1 storie", "1 story")));
        }
        let most = limits::DOCUMENT_ANOMALIES;
        say(
            LimitationCode::Capped,
            self.anomalies_left_out,
            format!("only the first {most} anomalies are listed; {} more are counted in the account", self.anomalies_left_out),
        );
        say(LimitationCode::ClockJump, u64::from(self.clock), "the capture clock went back: times are not in order".to_owned());
        let sessions = count(self.guessed, "session");
        say(LimitationCode::AmbiguousRoles, self.guessed, format!("{sessions} where the port alone tells who is the client"));
        let unhashed = "standard input can be read but once: its length and checksum are not known".to_owned();
        say(LimitationCode::Other, u64::from(self.unhashed), unhashed);
        say(LimitationCode::Other, u64::from(self.damaged), "an input could not be read to its end, see the inputs".to_owned());
        said
    }
}

/// `1 frame was`, `2 frames were`.
fn were(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}
