//! One line of the timeline with all that its details show: escaped already, and without a secret.

use super::bytes::Bytes;
use super::bytes::Mark;
use crate::annotation::ByteSpan;
use crate::evidence::Frames;
use crate::peer::Endpoint;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::time::Timestamp;
use std::sync::Arc;

/// What a line is, for its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// A session begins.
    Session,
    /// The dialogue moved on, or ended.
    Phase,
    /// A message.
    Message,
    /// What is looked at second: counts.
    Faint,
    /// What messages come to, well.
    Good,
    /// What is odd, or went wrong.
    Alarm,
    /// What became of something over all sessions.
    Story,
}

/// Whether a line stands for others, or behind one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fold {
    /// It stands for itself.
    #[default]
    None,
    /// It counts messages that are folded.
    Count,
    /// It is folded under the line of this number.
    Under(u64),
}

/// A session, as its lines know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// Its number.
    pub(super) id: FlowId,
    /// Who asked.
    pub(super) client: Endpoint,
    /// Who serves.
    pub(super) server: Endpoint,
    /// The protocol's id.
    pub(super) protocol: &'static str,
    /// Time of its first frame.
    pub(super) first_at: Timestamp,
}

/// A line of the timeline.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its number, from 1, over the whole run.
    pub(super) number: u64,
    /// When it was.
    pub(super) at: Timestamp,
    /// The event's name.
    pub(super) event: &'static str,
    /// Its looks.
    pub(super) tone: Tone,
    /// What it stands for.
    pub(super) fold: Fold,
    /// The session it belongs to.
    pub(super) session: Option<Arc<Ends>>,
    /// The phase it belongs to, for people.
    pub(super) phase: Option<Arc<str>>,
    /// What it rests on.
    pub(super) frames: Frames,
    /// The bytes of its sender's stream.
    pub(super) span: Option<ByteSpan>,
    /// Who sent it.
    pub(super) from: Option<Peer>,
    /// A message's number in its session.
    pub(super) place: Option<u64>,
    /// A message's name.
    pub(super) name: String,
    /// What the line says.
    pub(super) line: Vec<(Mark, String)>,
    /// A message's bytes.
    pub(super) length: Option<u64>,
    /// The same for people, whole, paragraph by paragraph.
    pub(super) said: Vec<String>,
    /// Names and values.
    pub(super) fields: Vec<(&'static str, String)>,
    /// A message's first bytes.
    pub(super) bytes: Bytes,
}

impl Entry {
    /// A line of the program's own words.
    pub(super) fn words(at: Timestamp, event: &'static str, tone: Tone, frames: Frames, text: &str) -> Self {
        let line = vec![(Mark::Words, text.to_owned())];
        Self {
            number: 0,
            at,
            event,
            tone,
            fold: Fold::None,
            session: None,
            phase: None,
            frames,
            span: None,
            from: None,
            place: None,
            name: String::new(),
            line,
            length: None,
            said: vec![text.to_owned()],
            fields: Vec::new(),
            bytes: Bytes::default(),
        }
    }

    /// The memory it takes, roughly.
    pub(super) fn weight(&self) -> usize {
        let texts = self.line.iter().map(|(_, text)| text.len());
        let texts = texts.chain(self.said.iter().map(String::len)).chain(self.fields.iter().map(|(_, value)| value.len()));
        let pieces = self.line.len().saturating_add(self.said.len()).saturating_add(self.fields.len());
        let spans = self.frames.spans().count().saturating_mul(size_of::<(u64, u64, u64)>());
        let own = size_of::<Self>().saturating_add(pieces.saturating_mul(size_of::<(usize, String)>()));
        texts.fold(own, usize::saturating_add).saturating_add(self.name.len()).saturating_add(spans).saturating_add(self.bytes.weight())
    }

    /// What the line says, in one piece.
    pub(super) fn text(&self) -> String {
        self.line.iter().map(|(_, text)| text.as_str()).collect()
    }
}
