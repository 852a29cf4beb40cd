//! Several capture files in the order given, as one source.

use super::Frame;
use super::Next;
use super::Source;
use super::digest::Identity;
use super::digest::digest_of;
use super::file::CaptureFile;
use super::input;
use super::secrets::Inbox;
use super::secrets::Secrets;
use crate::error::Error;
use crate::limits::Limits;
use crate::origin::Origin;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// How far the reading is, in bytes as they lie on disk, over all inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Read so far.
    pub read: u64,
    /// Of how many; unknown when an input is standard input or a pipe.
    pub total: Option<u64>,
}

/// Capture files, one timeline: opened one after the other, one at a time. Frame numbers begin at 1 in each.
pub struct Files {
    paths: Vec<PathBuf>,
    names: Vec<String>,
    limits: Limits,
    open: Option<CaptureFile>,
    /// Index of the file to be opened next.
    upcoming: usize,
    read: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    total: Option<u64>,
    /// Where secrets of pipes are put, and how many of the open one were.
    inbox: Option<(Inbox, usize)>,
    /// Of files that are over.
    secrets: Vec<Secrets>,
    secrets_left_out: u64,
    /// What is known of the inputs that were opened.
    origins: Vec<Origin>,
    /// Which files these were when they were opened.
    identities: Vec<Option<Identity>>,
}

impl Files {
    /// A source over these paths, `-` for standard input. Nothing is opened yet.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>, limits: &Limits) -> Self {
        let names = paths.iter().map(|path| input::name(path)).collect();
        let total = paths.iter().map(|path| input::size_on_disk(path)).try_fold(0_u64, |sum, len| Some(sum.saturating_add(len?)));
        let limits = limits.clone();
        let (open, read, stop, secrets) = (None, Arc::default(), Arc::default(), Vec::new());
        let (origins, identities) = (Vec::new(), Vec::new());
        Self { paths, names, limits, open, upcoming: 0, read, stop, total, inbox: None, secrets, secrets_left_out: 0, origins, identities }
    }

    /// Lets a quiet standard input end when this flag becomes true.
    #[must_use]
    pub fn stop_on(mut self, stop: &Arc<AtomicBool>) -> Self {
        self.stop = Arc::clone(stop);
        self
    }

    /// Puts secrets here as they come. Only an input that cannot be read twice needs it: [`search`] finds those of all others.
    #[must_use]
    pub fn secrets_to(mut self, inbox: &Inbox) -> Self {
        self.inbox = Some((inbox.clone(), 0));
        self
    }

    /// What the inputs are called in messages, by [`crate::evidence::FrameId::input`].
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How far the reading is: up to a buffer ahead of the frame lent.
    #[must_use]
    pub fn position(&self) -> Progress {
        Progress { read: self.read.load(Ordering::Relaxed), total: self.total }
    }

    /// The secrets that came so far, in order of the inputs; those for a packet come before it. `limits.secrets_bytes` bounds all of them.
    pub fn secrets(&self) -> impl Iterator<Item = &Secrets> {
        self.secrets.iter().chain(self.open.iter().flat_map(|file| file.secrets().0))
    }

    /// How many blocks of secrets were left out because a bound was reached.
    #[must_use]
    pub fn secrets_left_out(&self) -> u64 {
        self.secrets_left_out.saturating_add(self.open.as_ref().map_or(0, |file| file.secrets().1))
    }

    /// Moves to the next frame of any file; `false` when all are over.
    #[inline]
    fn advance(&mut self) -> Result<bool, Error> {
        let moved = self.open.as_mut().map(CaptureFile::advance);
        if self.inbox.is_some() {
            self.deliver();
        }
        match moved {
            Some(Ok(true)) => Ok(true),
            moved => self.advance_over(moved),
        }
    }

    /// Puts secrets that came into the inbox.
    #[cold]
    fn deliver(&mut self) {
        if let (Some((inbox, put)), Some(file)) = (&mut self.inbox, &self.open) {
            let secrets = file.secrets().0;
            inbox.put(secrets.get(*put..).unwrap_or_default());
            *put = secrets.len();
        }
    }

    /// Moves on where the open file has no more, or none is open.
    #[cold]
    fn advance_over(&mut self, mut moved: Option<Result<bool, Error>>) -> Result<bool, Error> {
        loop {
            match moved {
                Some(Ok(true)) => return Ok(true),
                Some(Ok(false)) => self.close(),
                Some(Err(error)) => {
                    self.note(&error);
                    self.close();
                    return Err(error);
                }
                None => {}
            }
            let Some(path) = self.paths.get(self.upcoming) else { return Ok(false) };
            let input = u32::try_from(self.upcoming).unwrap_or(u32::MAX);
            self.upcoming = self.upcoming.saturating_add(1);
            let kind = if input::is_standard(path) { "stdin" } else { "file" };
            self.identities.push(Identity::at(path));
            self.origins.push(Origin { kind, name: input::name(path), ..Origin::default() });
            let opened = CaptureFile::open_counted(path, input, &self.limits, &self.read, &self.stop);
            let mut file = opened.inspect_err(|error| self.note(error))?;
            if let Some(origin) = self.origins.last_mut() {
                let (format, compression) = file.format();
                (origin.format, origin.compression) = (Some(format), compression);
            }
            moved = Some(file.advance());
            self.open = Some(file);
        }
    }

    /// Notes what is wrong with the newest input; that a run which is to stop cuts it is nothing wrong.
    fn note(&mut self, error: &Error) {
        let stopped = self.stop.load(Ordering::Relaxed);
        if let Some(origin) = self.origins.last_mut().filter(|_| !stopped) {
            origin.damage = Some(error.to_string());
        }
    }

    /// Keeps what outlives the open file, and lets it go.
    fn close(&mut self) {
        let Some(file) = self.open.take() else { return };
        if let Some((_, put)) = &mut self.inbox {
            *put = 0;
        }
        let (secrets, left_out) = file.secrets();
        let kept = secrets.iter().fold(0_usize, |sum, secret| sum.saturating_add(secret.bytes.len()));
        self.limits.secrets_bytes = self.limits.secrets_bytes.saturating_sub(kept);
        self.secrets.extend_from_slice(secrets);
        self.secrets_left_out = self.secrets_left_out.saturating_add(left_out);
    }
}

/// All secrets of these files, wherever they stand. Standard input and pipes, which can be read only once, are left out, and so is what
/// is damaged: the reading of frames says so.
#[must_use]
pub fn search(paths: &[PathBuf], limits: &Limits) -> Vec<Secrets> {
    let mut found = Vec::new();
    let files = paths.iter().filter(|path| !input::is_standard(path) && input::size_on_disk(path).is_some());
    for path in files {
        let Ok(mut file) = CaptureFile::open(path, 0, limits) else { continue };
        if file.carries_secrets() {
            while let Ok(true) = file.advance() {}
            found.extend_from_slice(file.secrets().0);
        }
    }
    found
}

impl Source for Files {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let stepped = self.inbox.is_none() && self.open.as_mut().is_some_and(CaptureFile::step);
        if !stepped && self.open.as_ref().is_some_and(CaptureFile::is_quiet) && !self.stop.load(Ordering::Relaxed) {
            return Ok(Next::Wait);
        }
        if !stepped && !self.advance()? {
            return Ok(Next::End);
        }
        // Built in place: a frame moved through an `Option` costs more than the walk.
        match &self.open {
            Some(file) => Ok(Next::Frame(file.lend())),
            None => Ok(Next::End),
        }
    }

    fn ahead(&self, most: usize, take: &mut dyn FnMut(&Frame<'_>)) {
        if let Some(file) = &self.open {
            file.ahead(most, take);
        }
    }

    fn origins(&mut self) -> Vec<Origin> {
        let mut origins = self.origins.clone();
        // Who wants the end now does not wait for a checksum.
        if self.stop.load(Ordering::Relaxed) {
            return origins;
        }
        let known = self.paths.iter().zip(&self.identities);
        for (origin, (path, identity)) in origins.iter_mut().zip(known).filter(|(_, (path, _))| input::is_file(path)) {
            // What cannot be read any more, or is not what was read, has no checksum; that it could be read is in its frames.
            if let Some(Ok(Some((bytes, sha256)))) = identity.map(|identity| digest_of(path, identity)) {
                (origin.bytes, origin.sha256) = (Some(bytes), Some(sha256));
            }
        }
        origins
    }
}
