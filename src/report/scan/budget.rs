//! What scan reports may keep, and what was left out when a bound was reached.

use crate::limits::Limits;
use std::fmt;

/// A bound that was reached. Shown in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The name of the limit.
    pub limit: &'static str,
    /// Its value.
    pub value: usize,
    /// How many things were left out because of it.
    pub left_out: u64,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit reached: {} = {}; left out of the scan reports: {}", self.limit, self.value, self.left_out)
    }
}

/// The bounds and what of them is used. Bounds hold for all reports of a run together.
#[derive(Debug)]
pub(super) struct Budget {
    scans: usize,
    items: Account,
    bytes: Account,
    plugins: Account,
    reached: Vec<Reached>,
}

/// A bound and its use.
#[derive(Debug)]
struct Account {
    most: usize,
    used: usize,
}

impl Account {
    fn has(&self, more: usize) -> bool {
        self.used.saturating_add(more) <= self.most
    }
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        let account = |most| Account { most, used: 0 };
        Self {
            scans: limits.scans,
            items: account(limits.scan_items),
            bytes: account(limits.scan_bytes),
            plugins: account(limits.scan_plugins),
            reached: Vec::new(),
        }
    }

    /// Whether one more scan may be kept.
    pub(super) fn scan(&mut self, have: usize) -> bool {
        have < self.scans || self.refuse("scans", self.scans)
    }

    /// Whether a line of a report may be kept that holds so many bytes.
    pub(super) fn item(&mut self, bytes: usize) -> bool {
        if !self.items.has(1) {
            return self.refuse("scan_items", self.items.most);
        }
        let kept = self.text(bytes);
        self.items.used = self.items.used.saturating_add(usize::from(kept));
        kept
    }

    /// Whether a plugin may be kept that holds so many bytes.
    pub(super) fn plugin(&mut self, bytes: usize) -> bool {
        if !self.plugins.has(1) {
            return self.refuse("scan_plugins", self.plugins.most);
        }
        let kept = self.text(bytes);
        self.plugins.used = self.plugins.used.saturating_add(usize::from(kept));
        kept
    }

    /// Whether so many more bytes may be kept.
    pub(super) fn text(&mut self, bytes: usize) -> bool {
        if !self.bytes.has(bytes) {
            return self.refuse("scan_bytes", self.bytes.most);
        }
        self.bytes.used = self.bytes.used.saturating_add(bytes);
        true
    }

    /// Plugins that nothing speaks of were let go.
    pub(super) fn give_back(&mut self, plugins: usize, bytes: usize) {
        self.plugins.used = self.plugins.used.saturating_sub(plugins);
        self.bytes.used = self.bytes.used.saturating_sub(bytes);
    }

    /// Puts down that something was left out.
    fn refuse(&mut self, limit: &'static str, value: usize) -> bool {
        match self.reached.iter_mut().find(|reached| reached.limit == limit) {
            Some(reached) => reached.left_out = reached.left_out.saturating_add(1),
            None => self.reached.push(Reached { limit, value, left_out: 1 }),
        }
        false
    }

    /// The bounds that were reached.
    pub(super) fn reached(&self) -> &[Reached] {
        &self.reached
    }
}
