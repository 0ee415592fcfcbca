//! Every reason the law refuses for, in words: when, and what helps.

/// A reason code, when it is given, and what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The code: `OWN_CONTRIBUTION`.
    pub code: &'static str,
    /// When it is given.
    pub when: &'static str,
    /// What helps.
    pub remedy: &'static str,
}

/// Every reason the law refuses for, in the order of the guards.
pub const REASONS: [Reason; 0] = [];
