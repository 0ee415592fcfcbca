//! What is kept of the law beside a ledger, until the fold has come to where it was put away.

use crate::{
    agreement::Agreement,
    cli::fsck::{
        report::Report,
        scratch::{Kind, Own},
    },
    digest::Digest,
    sequencer::{KeptError, KeptLaw},
    statement::{Signed, id::AgreementId},
    store::log::survey::Beside,
};

/// What is kept, and not held against the entries yet.
#[derive(Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    There {
        law: Box<KeptLaw>,
        beside: Beside,
        founding: Option<Box<Signed>>,
    },
}

impl Kept {
    /// Reads the snapshot beside a ledger.
    pub(super) fn read(beside: Beside, ledger: AgreementId, report: &mut Report) -> Self {
        let read = beside.snapshot().map_err(|error| error.to_string()).and_then(|snapshot| match snapshot {
            Some(bytes) => KeptLaw::read(&bytes).map(Some).map_err(|error| error.to_string()),
            None => Ok(None),
        });
        match read {
            Ok(None) => Self::Nothing,
            Ok(Some(law)) => Self::There { law: Box::new(law), beside, founding: None },
            Err(says) => {
                report.kept.unusable(ledger, &says);
                Self::Nothing
            }
        }
    }

    /// Takes note of the statement that founded the agreement.
    pub(super) fn founded(&mut self, index: u64, signed: Signed) {
        if let (Self::There { founding, .. }, 0) = (self, index) {
            *founding = Some(Box::new(signed));
        }
    }

    pub(super) fn is_due(&self, size: u64) -> bool {
        matches!(self, Self::There { law, .. } if law.size() == size)
    }

    pub(super) const fn is_there(&self) -> bool {
        matches!(self, Self::There { .. })
    }

    /// Holds it against what the entries before its size make, all of which was put away.
    pub(super) fn check(self, whole: &Agreement, own: &Own, root: Digest) -> Result<(), KeptError> {
        let Self::There { law, beside, founding } = self else { return Ok(()) };
        let founding = founding.ok_or_else(|| KeptError::Unusable { problem: "entry 0 founds nothing".into() })?;
        let slips =
            |from: &[u8], upto: &[u8], reverse: bool, max: usize| Ok(own.list(Kind::Slip, (from, upto), reverse, max));
        let kept = |from: &[u8], upto: &[u8], reverse: bool, max: usize| beside.list(from, upto, reverse, max);
        law.check(&founding, (whole, &slips), root, &kept)
    }
}
