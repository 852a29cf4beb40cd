//! What the run hands to the screen: held under a lock only for as long as it takes to add a line, or to take all of them away.

use super::Most;
use super::account::Account;
use super::entry::Entry;
use super::services::Services;
use super::shelf::Shelf;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

/// What both sides hold.
#[derive(Debug)]
pub(super) struct Shared {
    inbox: Mutex<Inbox>,
    /// Whether the screen wants to know the counts.
    pub(super) wants_counts: AtomicBool,
}

impl Shared {
    /// An empty inbox, for so many services.
    pub(super) fn new(most: Most) -> Self {
        let inbox = Inbox { services: Services::new(most.services), ..Inbox::default() };
        Self { inbox: Mutex::new(inbox), wants_counts: AtomicBool::new(true) }
    }

    /// The inbox, for a moment.
    pub(super) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        // Who panicked while holding it ends the run; what is in it is whole.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the screen is to learn.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Lines; some may have left because nobody took them in time.
    pub(super) lines: Shelf,
    /// New texts of lines that count runs, by their numbers.
    pub(super) amended: BTreeMap<u64, String>,
    /// The newest moment.
    pub(super) clock: Option<Timestamp>,
    /// The services, when something changed.
    pub(super) services: Option<Services>,
    /// The counts, when they are new.
    pub(super) account: Option<Account>,
    /// Whether nothing more comes.
    pub(super) done: bool,
}

/// A batch that grows until it is taken.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    batch: Batch,
    /// The services, over the whole run, and whether they changed.
    services: Services,
    changed: bool,
}

impl Inbox {
    /// Adds a line; the oldest leaves where there are too many, or too many bytes.
    pub(super) fn push(&mut self, entry: Entry, most: Most) {
        self.time(entry.at);
        self.batch.lines.push(entry, (most.entries, most.bytes));
    }

    /// A new text for the line of a run. Of so many runs at most between two looks; a session has one at a time.
    pub(super) fn amend(&mut self, number: u64, text: String, most: Most) {
        if self.batch.amended.len() >= most.entries {
            self.batch.amended.pop_first();
        }
        self.batch.amended.insert(number, text);
    }

    /// The time went on.
    pub(super) fn time(&mut self, at: Timestamp) {
        self.batch.clock = Some(self.batch.clock.map_or(at, |clock| clock.max(at)));
    }

    /// New counts.
    pub(super) fn count(&mut self, account: Account) {
        self.batch.account = Some(account);
    }

    /// The services, to be changed.
    pub(super) fn services(&mut self) -> &mut Services {
        self.changed = true;
        &mut self.services
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) {
        self.batch.done = true;
    }

    /// Takes everything there is.
    pub(super) fn take(&mut self) -> Batch {
        let done = self.batch.done;
        let mut batch = std::mem::replace(&mut self.batch, Batch { done, ..Batch::default() });
        batch.services = std::mem::take(&mut self.changed).then(|| self.services.clone());
        batch
    }
}
