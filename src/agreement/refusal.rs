//! Refusals: the law's no, each with one reason code, the same in the code, on the wire, in the audit and in the documents.

use crate::keys::PublicKey;

/// Why a statement may not enter now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The signer is no party.
    #[error("signer {signer} is not a party")]
    SignerNotParty {
        /// Who signed.
        signer: PublicKey,
    },
}

impl Refusal {
    /// Returns the reason code: `SIGNER_NOT_PARTY`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::SignerNotParty { .. } => "SIGNER_NOT_PARTY",
        }
    }
}
