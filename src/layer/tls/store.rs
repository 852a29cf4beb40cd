//! All secrets there are, found by what sessions are known by; and where more of them come from.

use super::follow::Log;
use super::keylog::Label;
use super::keylog::Line;
use super::keylog::line;
use super::rsa::RsaKey;
use crate::capture::secrets::Inbox;
use crate::capture::secrets::Secrets;
use crate::error::Error;
use crate::layer::Search;
use crate::limits::Limits;
use crate::secured::KeySource;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use sha2::Digest;
use sha2::Sha256;
use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The type of a pcapng secrets block that is a TLS key log.
///
/// # Wire
///
/// [spec] draft-ietf-opsawg-pcapng 4.7.
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// The longest private key file that is read.
const MOST_KEY_BYTES: u64 = 1 << 20;

/// A secret, and where it is from.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) secret: Zeroizing<Vec<u8>>,
    pub(super) source: KeySource,
}

/// What is remembered of a session that may be resumed.
#[derive(Clone)]
pub(super) enum Earlier {
    /// Its master secret.
    Open(Zeroizing<Vec<u8>>),
    /// It was seen, and could not be opened.
    Closed,
}

/// Secrets the user has for TLS: key logs, private keys, and what captures bring along. Never shown, and forgotten when dropped.
///
/// The default has none.
#[derive(Default)]
pub struct Keys {
    by_random: HashMap<[u8; 32], Vec<(Label, Found)>, RandomState>,
    by_sealed: HashMap<Vec<u8>, Found, RandomState>,
    earlier: HashMap<[u8; 32], Earlier, RandomState>,
    /// The sessions of `earlier`, the oldest first.
    ages: VecDeque<[u8; 32]>,
    private: Vec<RsaKey>,
    logs: Vec<Log>,
    inbox: Inbox,
    search: Option<Search>,
    /// Whether key logs may grow.
    follow: bool,
    /// Secrets kept, and how many may be.
    kept: usize,
    most: usize,
    most_earlier: usize,
    /// Whether secrets were left out.
    pub(super) full: bool,
    /// Rises with every secret.
    pub(super) generation: u64,
    /// Whether secrets came from a pipe: more may.
    from_pipe: bool,
}

impl Keys {
    /// Reads key logs and RSA private keys. `follow`: key logs grow while the program runs, and what is appended is read when a session
    /// needs it. Gives also remarks for the user: lines that could not be read, files that others can read.
    ///
    /// # Errors
    ///
    /// [`Error::Keys`] when a file cannot be read or holds no such thing. A key log that is followed may still be missing.
    pub fn open(logs: &[PathBuf], rsa: &[PathBuf], follow: bool, limits: &Limits) -> Result<(Self, Vec<String>), Error> {
        let mut keys = Self { follow, most: limits.tls_secrets, most_earlier: limits.tls_earlier_sessions, ..Self::default() };
        let mut remarks = Vec::new();
        for path in rsa {
            let wrong = |problem: String| Error::Keys { path: path.clone(), problem };
            let found = fs::metadata(path).map_err(|error| wrong(format!("cannot open: {error}")))?;
            if found.len() > MOST_KEY_BYTES {
                return Err(wrong(format!("{} bytes are too many for a private key", found.len())));
            }
            let pem = Zeroizing::new(fs::read(path).map_err(|error| wrong(format!("cannot read: {error}")))?);
            keys.add_rsa_key(&pem).map_err(|problem| wrong(problem.to_owned()))?;
            remarks.extend(readable_by_others(path));
        }
        for path in logs {
            let mut log = Log::new(path.clone());
            let read = log.read(follow, &mut |bytes| keys.line(bytes, KeySource::KeyLog));
            match read {
                Err(error) if !(follow && error.kind() == std::io::ErrorKind::NotFound) => {
                    return Err(Error::Keys { path: path.clone(), problem: format!("cannot read: {error}") });
                }
                Err(_) => remarks.push(format!("{}: not there yet; it is read when it comes", path.display())),
                Ok(()) => {}
            }
            remarks.extend(readable_by_others(path));
            remarks.extend(log.remark());
            keys.logs.push(log);
        }
        Ok((keys, remarks))
    }

    /// Takes secrets also from the capture: those that come through `inbox` as it is read, and those that `search` finds when a session's
    /// are not known otherwise.
    #[must_use]
    pub fn from_capture(mut self, limits: &Limits, inbox: &Inbox, search: Option<Search>) -> Self {
        (self.most, self.most_earlier) = (limits.tls_secrets, limits.tls_earlier_sessions);
        self.inbox = inbox.clone();
        self.search = search;
        self
    }

    /// Adds an RSA private key in PEM.
    ///
    /// # Errors
    ///
    /// What the bytes are instead, for a message.
    pub fn add_rsa_key(&mut self, pem: &[u8]) -> Result<(), &'static str> {
        self.private.push(RsaKey::read(pem)?);
        Ok(())
    }

    /// Adds the text of a key log; gives how many of its lines are none of one.
    pub fn add_log(&mut self, text: &[u8], source: KeySource) -> usize {
        text.split(|byte| *byte == b'\n').filter(|bytes| !self.line(bytes, source)).count()
    }

    /// Whether secrets may still come for a session whose are not known.
    pub(super) fn may_come(&self) -> bool {
        self.from_pipe || (self.follow && !self.logs.is_empty())
    }

    /// Whether private keys were given.
    pub(super) fn has_private(&self) -> bool {
        !self.private.is_empty()
    }

    /// Takes a line of a key log; whether it is one.
    fn line(&mut self, bytes: &[u8], source: KeySource) -> bool {
        let (label, by, secret) = match line(bytes) {
            Line::Secret(label, by, secret) => (label, by, secret),
            Line::Other => return true,
            Line::Bad => return false,
        };
        if self.kept >= self.most {
            self.full = true;
            return true;
        }
        self.kept = self.kept.saturating_add(1);
        self.generation = self.generation.saturating_add(1);
        let found = Found { secret, source };
        match (label, by.first_chunk::<32>()) {
            (Label::Sealed, _) => {
                self.by_sealed.insert(by, found);
            }
            (Label::SessionId, _) => {
                self.remember(&by, Earlier::Open(found.secret));
            }
            (_, Some(random)) => {
                let secrets = self.by_random.entry(*random).or_default();
                secrets.retain(|(known, _)| *known != label);
                secrets.push((label, found));
            }
            (_, None) => {}
        }
        true
    }

    /// Takes secrets of a capture; those of other protocols are of no use here.
    fn block(&mut self, secrets: &Secrets) {
        if secrets.kind == TLS_KEY_LOG {
            self.add_log(&secrets.bytes, KeySource::SecretsBlock);
        }
    }

    /// Takes what came since, and gives the generation after it.
    pub(super) fn refresh(&mut self) -> u64 {
        for secrets in self.inbox.take() {
            self.from_pipe = true;
            self.block(&secrets);
        }
        if self.follow {
            let mut logs = std::mem::take(&mut self.logs);
            for log in &mut logs {
                // A log that is gone may come again.
                let _ = log.read(true, &mut |bytes| self.line(bytes, KeySource::KeyLog));
            }
            self.logs = logs;
        }
        self.generation
    }

    /// Whether a secret is known of a session of this client random; looks everywhere before it says no.
    pub(super) fn knows(&mut self, random: &[u8; 32]) -> bool {
        if self.by_random.contains_key(random) {
            return true;
        }
        self.refresh();
        if !self.by_random.contains_key(random)
            && let Some(search) = self.search.take()
        {
            for secrets in search() {
                self.block(&secrets);
            }
        }
        self.by_random.contains_key(random)
    }

    /// A secret of a session.
    pub(super) fn secret(&self, random: &[u8; 32], label: Label) -> Option<Found> {
        self.by_random.get(random)?.iter().find(|(known, _)| *known == label).map(|(_, found)| found.clone())
    }

    /// The premaster secret of what a client encrypted, if a key log has it.
    pub(super) fn sealed(&self, sealed: &[u8]) -> Option<Found> {
        self.by_sealed.get(sealed.get(..8)?).cloned()
    }

    /// The premaster secret of what a client encrypted, if one of the private keys opens it: that of the certificate, or where none was
    /// seen, any of the right length.
    pub(super) fn premaster(&self, sealed: &[u8], modulus: Option<&[u8]>) -> Option<Zeroizing<Vec<u8>>> {
        let mut fitting = self.private.iter().filter(|key| match modulus {
            Some(modulus) => key.modulus() == modulus,
            None => key.modulus().len() == sealed.len(),
        });
        fitting.find_map(|key| key.premaster(sealed))
    }

    /// Remembers a session by its ID or ticket, because it may be resumed.
    pub(super) fn remember(&mut self, name: &[u8], earlier: Earlier) {
        let name: [u8; 32] = Sha256::digest(name).into();
        if matches!((&earlier, self.earlier.get(&name)), (Earlier::Closed, Some(Earlier::Open(_)))) {
            return;
        }
        if self.earlier.insert(name, earlier).is_none() {
            self.ages.push_back(name);
        }
        while self.ages.len() > self.most_earlier
            && let Some(oldest) = self.ages.pop_front()
        {
            self.earlier.remove(&oldest);
        }
    }

    /// What is known of the session that has this ID or ticket.
    pub(super) fn recall(&self, name: &[u8]) -> Option<Earlier> {
        let name: [u8; 32] = Sha256::digest(name).into();
        self.earlier.get(&name).cloned()
    }
}

/// A warning, where others than its owner may read a file with keys.
fn readable_by_others(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let others = mode & 0o044 != 0;
    others.then(|| format!("{}: others can read these secrets (mode {:04o}): chmod 600", path.display(), mode & 0o7777))
}
