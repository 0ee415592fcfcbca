//! Reason codes of what cannot be opened: the same in the code, on the wire, in the audit and in `proto/README.md`.

use crate::{
    envelope::EnvelopeError,
    keys::KeyError,
    statement::wire::{FieldProblem, OpenError},
};

impl OpenError {
    /// Every reason code that [`Self::reason`] gives, with what its reader can do.
    pub const REASONS: [(&str, &str); 26] = [
        ("PAYLOAD_TOO_LARGE", "split the statement: a payload has at most 60,000 bytes"),
        ("PAYLOAD_TYPE_UNKNOWN", "use the payload type application/vnd.counterfoil.statement.v1+protobuf"),
        ("KEY_INVALID", "use an Ed25519 public key of 32 bytes"),
        ("KEY_NOT_CANONICAL", "write the key in its canonical encoding"),
        ("KEY_WEAK", "make a new key; signatures hold for this one that nobody made"),
        (
            "SIGNATURE_INVALID",
            "sign the PAE of exactly these bytes with the key of the envelope; something was changed",
        ),
        ("STATEMENT_MALFORMED", "encode a counterfoil.v1.Statement; numbers are below 2^64"),
        ("NOT_CANONICAL", "encode fields in the order of their numbers, without defaults and without unknown fields"),
        ("SIGNER_MISMATCH", "name the key that signs in the field signer"),
        ("FIELD_MISSING", "give the field"),
        ("FIELD_NOT_ALLOWED", "leave the field out"),
        ("FIELD_TOO_LONG", "shorten the field"),
        ("FIELD_LENGTH", "give as many bytes as the field has"),
        ("FIELD_ZERO", "give a number greater than zero"),
        ("FIELD_OUT_OF_RANGE", "give a number within the range"),
        ("FIELD_NOT_ONE_OF", "choose one of the values of the protocol"),
        ("LIST_TOO_LONG", "split the list over several statements, or shorten it"),
        ("LIST_TOO_SHORT", "give as many items as the list needs"),
        ("LIST_DUPLICATE", "name each item once"),
        ("LIST_NOT_ASCENDING", "put the items in ascending order"),
        ("RATIO_NOT_REDUCED", "write the fraction in lowest terms; zero is 0/1"),
        ("RATIO_DENOMINATOR_ZERO", "give a denominator of at least 1"),
        ("QUANTITY_ZERO", "claim a quantity greater than zero"),
        ("NAME_INVALID", "use 1 to 64 characters out of a-z A-Z 0-9 . _ - (a currency: 3 to 8 out of A-Z 0-9)"),
        ("TIME_TOO_LATE", "give milliseconds since 1970 before the end of the year 9999"),
        ("END_BEFORE_BEGIN", "let the time end no earlier than it begins"),
    ];

    /// Returns the reason code: `SIGNATURE_INVALID`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Envelope(error) => match error {
                EnvelopeError::PayloadTooLarge { .. } => "PAYLOAD_TOO_LARGE",
                EnvelopeError::PayloadType { .. } => "PAYLOAD_TYPE_UNKNOWN",
                EnvelopeError::Key { source } => key_reason(source),
                EnvelopeError::Signature { .. } => "SIGNATURE_INVALID",
            },
            Self::Malformed { .. } => "STATEMENT_MALFORMED",
            Self::NotCanonical { .. } => "NOT_CANONICAL",
            Self::SignerMismatch { .. } => "SIGNER_MISMATCH",
            Self::Field { problem, .. } => problem.reason(),
        }
    }

    /// Returns the path of the field that is wrong, if it is one field: `contribution.quantity`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } => Some(field),
            Self::SignerMismatch { .. } => Some("signer"),
            Self::Envelope(_) | Self::Malformed { .. } | Self::NotCanonical { .. } => None,
        }
    }

    /// Returns what its reader can do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        let reason = self.reason();
        let found = Self::REASONS.iter().find(|(code, _)| *code == reason);
        found.map_or("", |(_, remedy)| remedy)
    }
}

impl FieldProblem {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "FIELD_MISSING",
            Self::NotAllowed => "FIELD_NOT_ALLOWED",
            Self::TooLong { .. } => "FIELD_TOO_LONG",
            Self::Length { .. } => "FIELD_LENGTH",
            Self::TooMany { .. } => "LIST_TOO_LONG",
            Self::TooFew { .. } => "LIST_TOO_SHORT",
            Self::Duplicate { .. } => "LIST_DUPLICATE",
            Self::NotAscending => "LIST_NOT_ASCENDING",
            Self::DenominatorZero => "RATIO_DENOMINATOR_ZERO",
            Self::NotReduced { .. } => "RATIO_NOT_REDUCED",
            Self::QuantityZero => "QUANTITY_ZERO",
            Self::Zero => "FIELD_ZERO",
            Self::AboveOne | Self::NotBelowOne | Self::OutOfRange { .. } => "FIELD_OUT_OF_RANGE",
            Self::NotOneOf { .. } => "FIELD_NOT_ONE_OF",
            Self::Name(_) | Self::Currency(_) => "NAME_INVALID",
            Self::Key(error) => key_reason(error),
            Self::Time(_) => "TIME_TOO_LATE",
            Self::EndBeforeBegin => "END_BEFORE_BEGIN",
        }
    }
}

const fn key_reason(error: &KeyError) -> &'static str {
    match error {
        KeyError::Length { .. } | KeyError::NotAPoint => "KEY_INVALID",
        KeyError::NotCanonical => "KEY_NOT_CANONICAL",
        KeyError::Weak => "KEY_WEAK",
    }
}
