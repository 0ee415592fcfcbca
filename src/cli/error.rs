//! Failures as people read them: what failed, why, and what to do about it; and the exit codes.

use std::{error::Error, io};

/// How a run of the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; or audited and sound.
    Done,
    /// Our fault.
    Fault,
    /// The command line was not understood.
    Usage,
    /// A signature, a proof or a receipt does not verify.
    Unverified,
    /// An audit, or a check of a store, found something.
    Findings,
    /// The agreement refuses.
    Refused,
    /// The server cannot be reached, or is busy.
    Unreachable,
    /// The configuration or a key file is wrong, or a store is missing or in use.
    Configuration,
}

impl Exit {
    /// Every exit, with its code and what it means; the manual prints them.
    pub const ALL: [(Self, u8, &'static str); 8] = [
        (Self::Done, 0, "done; or audited and sound"),
        (Self::Fault, 1, "our fault, or the machine's"),
        (Self::Usage, 2, "the command line was not understood"),
        (Self::Unverified, 10, "a signature, a proof or a receipt does not verify"),
        (Self::Findings, 11, "an audit, or a check of a store, found something"),
        (Self::Refused, 12, "the agreement refuses"),
        (Self::Unreachable, 13, "the server cannot be reached, or is busy"),
        (Self::Configuration, 14, "the configuration or a key file is wrong, or a store is missing or in use"),
    ];

    /// Returns the exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        Self::ALL.iter().find(|(exit, ..)| *exit == self).map_or(1, |(_, code, _)| *code)
    }
}

/// Why a verb could not do its work: what failed, the cause, a hint, and the exit.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What failed: a lower-case fragment.
    pub says: String,
    /// Why.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
    /// The reason code of a refusal.
    pub reason: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// Says what failed.
    #[must_use]
    pub fn new(exit: Exit, says: impl Into<String>) -> Self {
        Self { exit, says: says.into(), cause: None, reason: None, hint: None }
    }

    /// The command line was not understood.
    #[must_use]
    pub fn usage(says: impl Into<String>) -> Self {
        Self::new(Exit::Usage, says)
    }

    /// The configuration is wrong.
    #[must_use]
    pub fn configuration(says: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, says)
    }

    /// A file could not be read or written.
    #[must_use]
    pub fn io(says: impl Into<String>, cause: io::Error) -> Self {
        Self::new(Exit::Fault, says).because(cause)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the reason code of a refusal.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Returns the causes, the nearest first; what says the same as the one before is left out.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next: Option<&dyn Error> = self.cause.as_deref().map(|cause| {
            let cause: &dyn Error = cause;
            cause
        });
        while let Some(cause) = next {
            let text = cause.to_string();
            let before = causes.last().unwrap_or(&self.says);
            // A gRPC status prints its parts in the form of a value; what it rests on says the same in words.
            if !before.ends_with(&text) && !text.starts_with("code: '") {
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }

    /// Whether the reader of our output went away, which is no failure: `counterfoil log | head`.
    #[must_use]
    pub fn is_closed_output(&self) -> bool {
        self.cause
            .as_deref()
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe && self.says == OUTPUT_FAILED)
    }
}

/// What is said when standard output cannot be written.
pub(super) const OUTPUT_FAILED: &str = "the answer cannot be written";
