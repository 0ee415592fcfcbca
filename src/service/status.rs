//! One table from reasons to status codes, and one way to say no: `google.rpc.Status` with exactly one `ErrorInfo`.

use std::{borrow::Cow, collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tracing::error;

use crate::{
    agreement::refusal::reasons, causes::Causes, ledger::refusal::SignedRefusal, proto::counterfoil::v1,
    statement::wire::OpenError,
};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "counterfoil";

/// What the signed refusal is called in the metadata of an `ErrorInfo`, and of a refusal in a stream.
pub const REFUSAL: &str = "refusal";

/// The reasons that the service itself gives, with what their reader can do. Those of what cannot be opened are
/// [`OpenError::REASONS`], those of the law [`reasons::all`].
pub const REASONS: [(&str, &str); 23] = [
    (AGREEMENT_INVALID, "give the id of an agreement: agr1..."),
    (AGREEMENT_NOT_FOUND, "check the id of the agreement, and that this is its server"),
    (ANSWER_TOO_LARGE, "export the bundle and compute it; numbers this long outgrow a message"),
    (CALL_TIMED_OUT, "ask again; a statement: submit the same envelope again"),
    (COMMIT_UNCLEAR, "submit the same envelope again: it gives the receipt if it was recorded"),
    (CONTRIBUTION_NOT_FOUND, "check the id of the contribution"),
    (CURRENCY_NOT_FOUND, "name a currency of the terms"),
    (DISPUTE_NOT_FOUND, "check the id of the dispute; one that is over can no longer be decided"),
    (ENTRY_NOT_FOUND, "check the id of the statement; it may not be recorded yet"),
    (FILTER_INVALID, "give one of the values of the protocol"),
    (INDEX_BEYOND_TREE, "ask for an index or a size within the latest checkpoint"),
    (INTERNAL, "tell the operator the request id"),
    (LEDGER_BUSY, "submit the same envelope again after the delay"),
    (METHOD_UNKNOWN, "call a method of counterfoil.v1; reflection lists them"),
    (NOT_COMMITTED, "submit the same envelope again after the delay"),
    (PAGE_SIZE_TOO_LARGE, "ask for at most 1,000 at a time"),
    (PLACE_INVALID, "use the page token of the answer before, with the same request; or begin anew"),
    (PARTY_NOT_FOUND, "name a party of the terms"),
    (REQUEST_MALFORMED, "encode the request message of the method"),
    (REQUEST_TOO_LARGE, "send a smaller message"),
    (SERVER_BUSY, "ask again after the delay"),
    (SERVER_STOPPING, "ask again after the delay; submit the same envelope again"),
    (STREAM_NOT_FOUND, "name a stream of the terms"),
];

pub(super) const AGREEMENT_INVALID: &str = "AGREEMENT_INVALID";
pub(super) const AGREEMENT_NOT_FOUND: &str = "AGREEMENT_NOT_FOUND";
pub(super) const ANSWER_TOO_LARGE: &str = "ANSWER_TOO_LARGE";
pub(super) const CALL_TIMED_OUT: &str = "CALL_TIMED_OUT";
pub(super) const COMMIT_UNCLEAR: &str = "COMMIT_UNCLEAR";
pub(super) const CONTRIBUTION_NOT_FOUND: &str = "CONTRIBUTION_NOT_FOUND";
pub(super) const CURRENCY_NOT_FOUND: &str = "CURRENCY_NOT_FOUND";
pub(super) const DISPUTE_NOT_FOUND: &str = "DISPUTE_NOT_FOUND";
pub(super) const ENTRY_NOT_FOUND: &str = "ENTRY_NOT_FOUND";
pub(super) const FILTER_INVALID: &str = "FILTER_INVALID";
pub(super) const INDEX_BEYOND_TREE: &str = "INDEX_BEYOND_TREE";
pub(super) const INTERNAL: &str = "INTERNAL";
pub(super) const LEDGER_BUSY: &str = "LEDGER_BUSY";
pub(super) const METHOD_UNKNOWN: &str = "METHOD_UNKNOWN";
pub(super) const NOT_COMMITTED: &str = "NOT_COMMITTED";
pub(super) const PAGE_SIZE_TOO_LARGE: &str = "PAGE_SIZE_TOO_LARGE";
pub(super) const PLACE_INVALID: &str = "PAGE_TOKEN_INVALID";
pub(super) const PARTY_NOT_FOUND: &str = "PARTY_NOT_FOUND";
pub(super) const REQUEST_MALFORMED: &str = "REQUEST_MALFORMED";
pub(super) const REQUEST_TOO_LARGE: &str = "REQUEST_TOO_LARGE";
pub(super) const SERVER_BUSY: &str = "SERVER_BUSY";
pub(super) const SERVER_STOPPING: &str = "SERVER_STOPPING";
pub(super) const STREAM_NOT_FOUND: &str = "STREAM_NOT_FOUND";

/// Returns the status code of a reason.
#[must_use]
pub fn code(reason: &str) -> Code {
    match reason {
        _ if OpenError::REASONS.iter().any(|(known, _)| *known == reason) => Code::InvalidArgument,
        // Whose statement it is decides, and not what stands in the ledger.
        "SIGNER_NOT_PARTY" | "SCOPE_MISSING" | "NOT_YOUR_PARTY" | "NOT_PROPOSER" | "NOT_CLAIMANT" | "NOT_COLLECTOR"
        | "NOT_REPORTER" | "NOT_PAYEE" => Code::PermissionDenied,
        AGREEMENT_INVALID | FILTER_INVALID | PAGE_SIZE_TOO_LARGE | PLACE_INVALID | REQUEST_MALFORMED
        | REQUEST_TOO_LARGE => Code::InvalidArgument,
        AGREEMENT_NOT_FOUND
        | CONTRIBUTION_NOT_FOUND
        | CURRENCY_NOT_FOUND
        | DISPUTE_NOT_FOUND
        | ENTRY_NOT_FOUND
        | PARTY_NOT_FOUND
        | STREAM_NOT_FOUND => Code::NotFound,
        INDEX_BEYOND_TREE => Code::OutOfRange,
        ANSWER_TOO_LARGE | LEDGER_BUSY | SERVER_BUSY => Code::ResourceExhausted,
        COMMIT_UNCLEAR | NOT_COMMITTED | SERVER_STOPPING => Code::Unavailable,
        CALL_TIMED_OUT => Code::DeadlineExceeded,
        METHOD_UNKNOWN => Code::Unimplemented,
        INTERNAL => Code::Internal,
        // Whatever else the law says: the statement is in order, but may not enter now.
        _ => Code::FailedPrecondition,
    }
}

/// Returns what the reader of a reason can do.
#[must_use]
pub fn remedy(reason: &str) -> Option<&'static str> {
    let ours = REASONS.iter().chain(&OpenError::REASONS).find(|(known, _)| *known == reason);
    ours.map(|(_, remedy)| *remedy).or_else(|| reasons::reason(reason).map(|reason| reason.remedy))
}

/// A no of the service before it is written as a status or as an answer in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct No {
    code: Code,
    reason: &'static str,
    message: String,
    metadata: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
}

impl No {
    /// Says no for a reason of the service or of the law.
    pub(super) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        let no = Self {
            code: code(reason),
            reason,
            message: cut(message.into(), MESSAGE_BYTES_MAX),
            metadata: Vec::new(),
            retry_after: None,
        };
        match remedy(reason) {
            Some(remedy) => no.with("remedy", remedy),
            None => no,
        }
    }

    /// Says that the fault is ours. The cause goes to the log under the request id, and nowhere else.
    pub(super) fn internal(cause: &(dyn Error + 'static)) -> Self {
        let request_id = request_id();
        error!(%request_id, cause = %Causes(cause), "request failed");
        Self::new(INTERNAL, "the server failed; its log says why under the request id").with("request_id", request_id)
    }

    /// Adds what belongs to the reason.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((name, cut(value.into(), METADATA_BYTES_MAX)));
        self
    }

    /// Adds what the log signed of it.
    pub(super) fn with_refusal(mut self, refusal: &SignedRefusal) -> Self {
        // Never cut: it is small, and half of it would prove nothing.
        self.metadata.push((REFUSAL, refusal.note().to_owned()));
        self
    }

    /// Says when the same may work.
    pub(super) fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay.max(RETRY_AFTER_MIN));
        self
    }

    /// Returns the answer in a stream.
    pub(super) fn into_refused(self) -> v1::Refused {
        v1::Refused {
            code: i32::from(self.code),
            reason: self.reason.to_owned(),
            message: self.message,
            metadata: self.metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            retry_after_ms: self.retry_after.map_or(0, |delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// Says no to bytes that cannot be opened.
impl From<OpenError> for No {
    fn from(error: OpenError) -> Self {
        let no = Self::new(error.reason(), Causes(&error).to_string());
        match error.field() {
            Some(field) => no.with("field", field),
            None => no,
        }
    }
}

impl From<No> for Status {
    fn from(no: No) -> Self {
        let metadata: HashMap<_, _> = no.metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(no.reason, DOMAIN, metadata);
        if no.retry_after.is_some() {
            details.set_retry_info(no.retry_after);
        }
        Self::with_error_details(no.code, no.message, details)
    }
}

/// Trailers carry the message twice and percent-encoded: more than this, and clients with the usual limit of 16 KiB for
/// headers would see a broken stream and no reason at all.
const MESSAGE_BYTES_MAX: usize = 1_500;
const METADATA_BYTES_MAX: usize = 500;
/// A delay of 0 would read as "never" in a stream.
const RETRY_AFTER_MIN: Duration = Duration::from_millis(1);

/// Shortens a text to `max` bytes, and says so.
fn cut(text: String, max: usize) -> String {
    const MARK: &str = " [cut]";
    if text.len() <= max {
        return text;
    }
    let end = text.floor_char_boundary(max - MARK.len());
    format!("{}{MARK}", &text[..end])
}

fn request_id() -> Cow<'static, str> {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex::encode(bytes).into(),
        // An id that is not unique is better than no answer; the log line still has its time.
        Err(_) => "without-id".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::{Code, Status};
    use tonic_types::StatusExt;

    use crate::{
        agreement::refusal::reasons,
        checkpoint::{
            Checkpoint,
            note::{KEY_NAME_BYTES_MAX, NoteSigner},
        },
        digest::Digest,
        keys::SecretKey,
        ledger::refusal::{REASON_BYTES_MAX, Refusal, SignedRefusal},
        merkle::index::TreeSize,
        statement::wire::OpenError,
        time::Timestamp,
    };

    use super::{DOMAIN, LEDGER_BUSY, MESSAGE_BYTES_MAX, METADATA_BYTES_MAX, No, REASONS, code, cut};

    #[test]
    fn every_reason_of_the_service_is_in_the_table_once_and_has_a_code() {
        for (at, (reason, remedy)) in REASONS.iter().enumerate() {
            assert!(!remedy.is_empty(), "{reason}");
            assert!(REASONS[at + 1..].iter().all(|(other, _)| other > reason), "{reason} is not in order");
            assert_ne!(code(reason), Code::FailedPrecondition, "{reason} has the code of the law");
        }
    }

    #[test]
    fn no_reason_is_given_by_two_of_wire_law_and_service() {
        let mut all: Vec<_> = REASONS.iter().chain(&OpenError::REASONS).map(|(reason, _)| *reason).collect();
        all.extend(reasons::all().map(|reason| reason.code));
        all.sort_unstable();
        for pair in all.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }

    #[test]
    fn who_may_not_sign_is_denied_and_what_the_law_refuses_now_is_a_precondition() {
        assert_eq!(code("SIGNER_NOT_PARTY"), Code::PermissionDenied);
        assert_eq!(code("SIGNATURE_INVALID"), Code::InvalidArgument);
        for reason in reasons::all() {
            let code = code(reason.code);
            assert!(matches!(code, Code::PermissionDenied | Code::FailedPrecondition), "{}: {code:?}", reason.code);
        }
        for reason in ["SIGNER_NOT_PARTY", "SCOPE_MISSING", "NOT_YOUR_PARTY", "NOT_COLLECTOR"] {
            assert!(reasons::reason(reason).is_some(), "the law knows no {reason}");
        }
    }

    #[test]
    fn a_no_has_exactly_one_error_info_and_says_when_to_try_again() {
        let status = Status::from(No::new(LEDGER_BUSY, "full").retry_after(Duration::ZERO));
        let details = status.get_error_details_vec();
        assert_eq!(details.len(), 2, "{details:?}");
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.domain.as_str(), info.reason.as_str()), (DOMAIN, LEDGER_BUSY));
        assert!(info.metadata.contains_key("remedy"));
        let retry = status.get_details_retry_info().unwrap();
        assert!(retry.retry_delay.unwrap() > Duration::ZERO);
        assert_eq!(No::new(LEDGER_BUSY, "full").retry_after(Duration::ZERO).into_refused().retry_after_ms, 1);
    }

    #[test]
    fn a_long_message_still_fits_into_trailers() {
        let long = "ß".repeat(40_000);
        let origin = "o".repeat(KEY_NAME_BYTES_MAX);
        let signer = NoteSigner::new(&origin, SecretKey::from_seed(&[1; 32])).unwrap();
        let under = Checkpoint { origin, size: TreeSize::new(u64::MAX >> 1).unwrap(), root: Digest::of(&[]) };
        let (statement, judged) = (Digest::of(&[]), Timestamp::EPOCH);
        let refusal = Refusal { under, statement, reason: "R".repeat(REASON_BYTES_MAX), judged };
        let refusal = SignedRefusal::sign(refusal, &signer);
        assert!(SignedRefusal::open(refusal.note(), &signer.verifier()).is_ok(), "the longest is not too long");
        let no = No::new("SPLIT_MISMATCH", long.clone()).with("field", long.clone()).with_refusal(&refusal);
        let headers = Status::from(no).into_http::<()>().into_parts().0.headers;
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(bytes < 16 * 1_024, "{bytes}");
        assert!(cut(long.clone(), MESSAGE_BYTES_MAX).len() <= MESSAGE_BYTES_MAX);
        assert!(cut(long, METADATA_BYTES_MAX).ends_with(" [cut]"));
    }

    #[test]
    fn the_cause_of_our_own_fault_is_not_told() {
        let cause = std::io::Error::other("the disk at /secret is on fire");
        let status = Status::from(No::internal(&cause));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("secret"));
        assert_eq!(status.get_details_error_info().unwrap().metadata["request_id"].len(), 16);
    }
}
