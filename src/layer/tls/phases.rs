//! One direction of TLS 1.3: its secrets follow each other, and each has keys of its own.

use super::hash::expand_label;
use super::opener::Keys;
use super::opener::Opened;
use super::opener::Opener;
use super::opener::Place;
use super::record::Header;
use super::suite::Suite;
use zeroize::Zeroizing;

/// A traffic secret.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// The traffic secrets of a direction, by stage, as far as they are known.
pub(super) type Secrets = [Option<Secret>; 3];

/// How far a direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The client's data before the server answered.
    Early,
    /// From the server hello to the finished message.
    Handshake,
    /// Everything behind it.
    Application,
}

/// The keys of one direction, as far as its secrets are known.
pub(super) struct Phases {
    suite: &'static Suite,
    /// The secrets of the three stages.
    secrets: Secrets,
    pub(super) stage: Stage,
    /// The keys in use; none while their secret is not known.
    opener: Option<Opener>,
    /// Whether a record was opened.
    pub(super) proven: bool,
}

impl Phases {
    /// The first stage that a direction is in.
    pub(super) fn new(suite: &'static Suite, secrets: Secrets, stage: Stage) -> Self {
        let mut phases = Self { suite, secrets, stage, opener: None, proven: false };
        phases.opener = phases.opener_of(stage);
        phases
    }

    fn secret(&self, stage: Stage) -> Option<&Secret> {
        let [early, handshake, application] = &self.secrets;
        match stage {
            Stage::Early => early,
            Stage::Handshake => handshake,
            Stage::Application => application,
        }
        .as_ref()
    }

    fn opener_of(&self, stage: Stage) -> Option<Opener> {
        opener(self.suite, self.secret(stage)?)
    }

    /// Goes on to a later stage.
    pub(super) fn enter(&mut self, stage: Stage) {
        if stage > self.stage {
            self.stage = stage;
            self.opener = self.opener_of(stage);
        }
    }

    /// The secret after that of application data.
    ///
    /// # Wire
    ///
    /// [spec] RFC 8446 7.2.
    fn next_secret(&self) -> Option<Secret> {
        let secret = self.secret(Stage::Application)?;
        Some(expand_label(self.suite.prf, secret, b"traffic upd", self.suite.prf.len()))
    }

    /// Takes the next keys of application data.
    pub(super) fn update(&mut self) {
        let next = self.next_secret();
        let [_, _, application] = &mut self.secrets;
        *application = next;
        self.stage = Stage::Application;
        self.opener = self.opener_of(Stage::Application);
    }

    /// What may follow the keys in use: later stages, or keys that were updated.
    fn later(&self) -> Vec<Stage> {
        [Stage::Handshake, Stage::Application].into_iter().filter(|stage| *stage > self.stage && self.secret(*stage).is_some()).collect()
    }

    /// Opens the next record, by the keys in use, or as the first one of a later stage.
    pub(super) fn open(&mut self, header: Header, body: &[u8], plain: &mut Vec<u8>) -> Option<Opened> {
        let opened = self.opener.as_mut().and_then(|opener| opener.open(header, body, plain));
        let opened = opened.or_else(|| {
            self.later().into_iter().find_map(|stage| {
                let mut cipher = self.opener_of(stage)?;
                let opened = cipher.open(header, body, plain)?;
                (self.stage, self.opener) = (stage, Some(cipher));
                Some(opened)
            })
        });
        self.proven |= opened.is_some();
        opened
    }

    /// As [`Opener::resume`], with all keys that may follow.
    pub(super) fn resume(
        &mut self,
        place: &Place<'_>,
        header: Header,
        body: &[u8],
        plain: &mut Vec<u8>,
        budget: &mut u64,
    ) -> Option<Opened> {
        let opened = self.opener.as_mut().and_then(|opener| opener.resume(place, header, body, plain, budget));
        if opened.is_some() {
            self.proven = true;
            return opened;
        }
        let behind = Place { least: 0, ..*place };
        for stage in self.later() {
            let mut cipher = self.opener_of(stage)?;
            if let Some(opened) = cipher.resume(&behind, header, body, plain, budget) {
                (self.stage, self.opener, self.proven) = (stage, Some(cipher), true);
                return Some(opened);
            }
        }
        if self.stage != Stage::Application {
            return None;
        }
        let next = self.next_secret()?;
        let mut cipher = opener(self.suite, &next)?;
        let opened = cipher.resume(&behind, header, body, plain, budget)?;
        let [_, _, application] = &mut self.secrets;
        (*application, self.opener, self.proven) = (Some(next), Some(cipher), true);
        Some(opened)
    }

    /// As [`Opener::overhead`].
    pub(super) fn overhead(&self) -> u64 {
        self.opener.as_ref().map_or(22, Opener::overhead)
    }

    /// As [`Opener::seq`].
    pub(super) fn seq(&self) -> u64 {
        self.opener.as_ref().map_or(0, Opener::seq)
    }
}

/// The cipher of a traffic secret.
///
/// # Wire
///
/// [spec] RFC 8446 7.3.
fn opener(suite: &Suite, secret: &[u8]) -> Option<Opener> {
    let expand = |label: &[u8], len| expand_label(suite.prf, secret, label, len);
    let (key, iv) = (expand(b"key", suite.algorithm.key_bytes()), expand(b"iv", 12));
    Opener::new_inner(suite, &Keys { mac: Secret::default(), key, iv })
}
