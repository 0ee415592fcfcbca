//! What other rooms fail with, as failures of the program: which exit, and what to do.

use tonic::Code;

use crate::{
    agreement::refusal::{Refusal, reasons},
    cli::{
        error::{Exit, Failure},
        key_file::KeyFileError,
    },
    client::{ClientError, Refused},
    statement::wire::OpenError,
};

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (exit, hint) = match &error {
            ClientError::Refused(refused) => return refused_by_server(refused),
            ClientError::Busy { .. } => (Exit::Unreachable, BUSY),
            ClientError::Unreachable { url, .. } if url.starts_with("https:") => {
                (Exit::Unreachable, UNREACHABLE_BY_TLS)
            }
            ClientError::Unreachable { .. } => (Exit::Unreachable, UNREACHABLE),
            ClientError::Address { .. } | ClientError::Tls { .. } => (
                Exit::Configuration,
                "give the server as --server https://HOST or http://HOST:PORT, or set it in counterfoil.toml",
            ),
            ClientError::Server { .. } => (Exit::Fault, "tell the operator the time, and what you tried"),
            ClientError::LogKeyChanged { .. } => (Exit::Unverified, LOG_KEY),
            ClientError::ReceiptInvalid { .. }
            | ClientError::ReceiptMalformed { .. }
            | ClientError::RefusalInvalid { .. }
            | ClientError::CheckpointInvalid { .. }
            | ClientError::Inconsistent { .. }
            | ClientError::WrongLedger { .. } => (Exit::Unverified, DISHONEST),
            _ => (Exit::Fault, ""),
        };
        let mut failure = Self::new(exit, error.to_string());
        failure.hint = (!hint.is_empty()).then(|| hint.to_owned());
        failure.cause = Some(Box::new(error));
        failure
    }
}

const UNREACHABLE: &str = "see that it runs (`counterfoil serve`) and that --server is its address";
const UNREACHABLE_BY_TLS: &str = "see that --server is its address, that its proxy speaks HTTP/2, and that this machine trusts its \
                                  certificate; SSL_CERT_FILE names a file of other certificates to trust";
const BUSY: &str = "try again later: to send the same statement twice is harmless";
const LOG_KEY: &str = "ask the operator and another party for the log's key before you believe this server";
const DISHONEST: &str = "do not act on this answer; compare it with what the other parties were told";

/// The server's no, with the remedy of its reason.
fn refused_by_server(refused: &Refused) -> Failure {
    let exit = match (refused.code, refused.reason.as_str()) {
        (_, "SIGNATURE_INVALID") => Exit::Unverified,
        (Code::ResourceExhausted | Code::Unavailable | Code::DeadlineExceeded, _) => Exit::Unreachable,
        (Code::Unimplemented, _) => Exit::Fault,
        _ => Exit::Refused,
    };
    let failure = Failure::new(exit, refused.message.clone()).reason(refused.reason.clone());
    match remedy(&refused.reason) {
        Some(remedy) => failure.hint(remedy),
        None => failure,
    }
}

fn remedy(reason: &str) -> Option<&'static str> {
    if reason == "AGREEMENT_NOT_FOUND" {
        return Some("see that --agreement and --server belong together: the agreement may live on another server");
    }
    let of_law = reasons::reason(reason).map(|reason| reason.remedy);
    of_law.or_else(|| OpenError::REASONS.iter().find(|(code, _)| *code == reason).map(|(_, remedy)| *remedy))
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let failure = Self::new(Exit::Refused, refusal.to_string()).reason(refusal.reason());
        let failure = match remedy(refusal.reason()) {
            Some(remedy) => failure.hint(remedy),
            None => failure,
        };
        failure.because(refusal)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let exit = match error.reason() {
            "SIGNATURE_INVALID" => Exit::Unverified,
            _ => Exit::Refused,
        };
        Self::new(exit, error.to_string()).reason(error.reason()).hint(error.remedy()).because(error)
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let mut failure = Self::configuration(error.to_string());
        failure.hint = error.hint();
        failure.because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::remedy;

    #[test]
    fn every_reason_of_the_law_and_of_statements_has_a_remedy() {
        for reason in ["OWN_CONTRIBUTION", "SPLIT_MISMATCH", "SIGNER_NOT_PARTY", "NAME_INVALID", "AGREEMENT_NOT_FOUND"]
        {
            assert!(remedy(reason).is_some_and(|remedy| !remedy.is_empty()), "{reason}");
        }
    }
}
