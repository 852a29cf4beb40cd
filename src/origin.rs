//! Where packets came from: every input as a document names it, what the source knows of it and what was seen of it.

use crate::evidence::FrameId;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What a source knows of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `file`, `stdin` or `interface`.
    pub kind: &'static str,
    /// Its name as given.
    pub name: String,
    /// `pcap`, `pcap-ns`, `pcap-modified`, `pcapng` or `live`; nothing of what could not be read.
    pub format: Option<&'static str>,
    /// `gzip`, `zstd`, `lz4`, `xz` or `bzip2`; nothing of plain ones.
    pub compression: Option<&'static str>,
    /// Bytes of the file; unknown of what can be read only once.
    pub bytes: Option<u64>,
    /// SHA-256 of the file; unknown of what can be read only once.
    pub sha256: Option<[u8; 32]>,
    /// Why it could not be read, or not to its end.
    pub damage: Option<String>,
}

/// What was seen of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Frames read, those the filter left out included.
    pub frames: u64,
    /// Frames that the snap length cut.
    pub truncated: u64,
    /// Time of the first frame, and of the last in the order they came.
    pub times: Option<(Timestamp, Timestamp)>,
    /// LINKTYPE numbers of its frames.
    pub link_types: BTreeSet<u32>,
}

/// An input of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// What the source knows of it.
    pub origin: Origin,
    /// What was seen of it.
    pub sight: Sight,
}

/// The most link types told of one input: pcapng files name one for each interface, and there are some two hundred.
const MOST_LINK_TYPES: usize = 256;

/// What was seen of all inputs, by their number.
#[derive(Debug, Default)]
pub struct Sights(Vec<Sight>);

impl Sights {
    /// Counts a frame.
    pub fn frame(&mut self, id: FrameId, at: Timestamp, link_type: u32, cut: bool) {
        let Ok(input) = usize::try_from(id.input) else { return };
        if self.0.len() <= input {
            self.0.resize_with(input.saturating_add(1), Sight::default);
        }
        let Some(sight) = self.0.get_mut(input) else { return };
        sight.frames = sight.frames.saturating_add(1);
        sight.truncated = sight.truncated.saturating_add(u64::from(cut));
        sight.times = Some((sight.times.map_or(at, |(first, _)| first), at));
        if sight.link_types.len() < MOST_LINK_TYPES {
            sight.link_types.insert(link_type);
        }
    }

    /// Together with what the source knows. A source that knows nothing of its inputs has those that frames came from.
    #[must_use]
    pub fn inputs(self, mut origins: Vec<Origin>) -> Vec<Input> {
        let mut sights = self.0;
        let inputs = sights.len().max(origins.len());
        sights.resize_with(inputs, Sight::default);
        origins.resize_with(inputs, Origin::default);
        origins.into_iter().zip(sights).map(|(origin, sight)| Input { origin, sight }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_without_a_frame_are_there_too() {
        let mut sights = Sights::default();
        let at = |nanos| Timestamp::from_nanos(nanos, true);
        sights.frame(FrameId { input: 1, number: 1 }, at(5), 1, false);
        sights.frame(FrameId { input: 1, number: 2 }, at(3), 101, true);
        let named = |name: &str| Origin { name: name.to_owned(), ..Origin::default() };
        let inputs = sights.inputs(vec![named("a"), named("b"), named("c")]);
        assert_eq!(inputs.iter().map(|input| input.sight.frames).collect::<Vec<_>>(), [0, 2, 0]);
        let seen = &inputs[1].sight;
        assert_eq!((seen.truncated, seen.times, seen.link_types.len()), (1, Some((at(5), at(3))), 2));
    }
}
