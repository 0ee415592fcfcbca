//! Ids: digests of what was signed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    text::{self, TextError},
};

/// The id of a statement: SHA-256 of its PAE. The signature is not part of it, so signing again changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatementId(Digest);

/// The id of an agreement: the id of its founding proposal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgreementId(Digest);

impl StatementId {
    /// Takes the digest of a PAE.
    #[must_use]
    pub const fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    /// Returns the digest.
    #[must_use]
    pub const fn digest(self) -> Digest {
        self.0
    }
}

impl AgreementId {
    /// Takes the digest of a founding proposal's PAE.
    #[must_use]
    pub const fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    /// Returns the digest.
    #[must_use]
    pub const fn digest(self) -> Digest {
        self.0
    }
}

impl From<StatementId> for AgreementId {
    /// The agreement that a proposal with this id founds.
    fn from(founding: StatementId) -> Self {
        Self(founding.0)
    }
}

const STATEMENT: &str = "st";
const AGREEMENT: &str = "agr";

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::encode(STATEMENT, self.0.as_bytes()))
    }
}

impl fmt::Debug for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StatementId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Ok(Self(Digest::from_bytes(text::decode(STATEMENT, text)?)))
    }
}

impl fmt::Display for AgreementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::encode(AGREEMENT, self.0.as_bytes()))
    }
}

impl fmt::Debug for AgreementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AgreementId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Ok(Self(Digest::from_bytes(text::decode(AGREEMENT, text)?)))
    }
}
