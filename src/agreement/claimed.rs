//! What a contribution claimed: the whole statement, or what the law needs of it.

use crate::{
    split::Ratio,
    statement::{ArtifactDigest, Contribution, id::StatementId},
    time::Timestamp,
};

/// What was claimed.
#[derive(Clone, Debug)]
pub(super) enum Claimed {
    /// The whole statement, as long as it was not forgotten.
    Whole(Box<Whole<Contribution>>),
    /// What the law needs of it.
    Brief(Box<Brief>),
}

/// A statement as it was admitted.
#[derive(Clone, Debug)]
pub(super) struct Whole<T> {
    pub(super) id: StatementId,
    pub(super) admitted: Timestamp,
    pub(super) said: T,
}

/// What the law needs of a claim.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) quantity: Ratio,
    pub(super) artifacts: Vec<(ArtifactDigest, Ratio)>,
}

impl Claimed {
    pub(super) fn quantity(&self) -> Ratio {
        match self {
            Self::Whole(whole) => whole.said.quantity,
            Self::Brief(brief) => brief.quantity,
        }
    }

    /// Forgets what the law does not need.
    pub(super) fn brief(self) -> Self {
        match self {
            Self::Whole(_) => {
                Self::Brief(Box::new(Brief { quantity: self.quantity(), artifacts: self.artifacts().collect() }))
            }
            Self::Brief(_) => self,
        }
    }

    /// Returns the artifacts and the fraction of each that is claimed.
    pub(super) fn artifacts(&self) -> impl ExactSizeIterator<Item = (ArtifactDigest, Ratio)> {
        let (whole, brief) = match self {
            Self::Whole(whole) => (whole.said.artifacts.as_slice(), [].as_slice()),
            Self::Brief(brief) => ([].as_slice(), brief.artifacts.as_slice()),
        };
        (0..whole.len() + brief.len()).map(move |place| match whole.get(place) {
            Some(artifact) => (artifact.digest, artifact.fraction),
            None => brief[place],
        })
    }
}
