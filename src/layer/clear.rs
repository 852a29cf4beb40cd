//! The layer of a build that opens nothing: every chunk goes on as it came.

use super::Above;
use super::Search;
use crate::capture::secrets::Inbox;
use crate::error::Error;
use crate::flow::Chunk;
use crate::flow::Interest;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::Peer;
use std::path::PathBuf;

/// Secrets, of which this build knows none.
#[derive(Default)]
pub struct Keys;

impl Keys {
    /// Takes no files.
    ///
    /// # Errors
    ///
    /// [`Error::Keys`] for the first file there is.
    pub fn open(logs: &[PathBuf], rsa: &[PathBuf], _follow: bool, _limits: &Limits) -> Result<(Self, Vec<String>), Error> {
        let problem = || "built without TLS (cargo feature 'tls')".to_owned();
        match logs.iter().chain(rsa).next() {
            Some(path) => Err(Error::Keys { path: path.clone(), problem: problem() }),
            None => Ok((Self, Vec::new())),
        }
    }

    /// Takes nothing from captures.
    #[must_use]
    pub fn from_capture(self, _limits: &Limits, _inbox: &Inbox, _search: Option<Search>) -> Self {
        self
    }
}

/// Opens nothing.
pub struct Layers;

impl Layers {
    /// Opens nothing.
    #[must_use]
    pub fn new(_limits: &Limits, _keys: Keys, _ports: Vec<u16>) -> Self {
        Self
    }

    /// Hands the chunk on.
    pub fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>, above: &mut dyn Above) -> Interest {
        above.chunk(flow, from, chunk)
    }

    /// Nothing is kept of a connection.
    pub fn closed(&mut self, _flow: &mut Flow, _above: &mut dyn Above) {}
}
