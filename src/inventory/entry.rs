//! A fact as a store keeps it: what is known, and what was already told of it.

use crate::fact::Fact;
use crate::fact::Grade;

/// A fact and what was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The fact.
    pub fact: Fact,
    /// The grade it was told with, once it was.
    pub told: Option<Grade>,
    /// Whether its rise to the final grade was told.
    pub confirmed: bool,
}
