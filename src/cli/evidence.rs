//! `evidence`: a party, or the mediator, adds evidence to a dispute, by its digest.

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        case_file::find_open,
        digests,
        error::{Exit, Failure},
        session::Session,
        signing::Voice,
    },
    statement::{Body, dispute::Evidence},
};

/// Add evidence to a dispute: a file, of which the ledger keeps the digest
#[derive(Args, Debug)]
#[command(
    after_help = "The file stays with you: show it to the other side and to the mediator, who compare its digest. Evidence \
may be given by the sides, by who has attested what is disputed, and by the mediator; as long as the dispute is open, and within the \
days that the terms give.

Example:
  counterfoil evidence 447 mails.tar --note \"what the author wrote\" --key community.key"
)]
pub(super) struct EvidenceArgs {
    /// The dispute: its entry, or st1...
    dispute: String,
    /// What shows it: a file, which is hashed, or sha256:HEX
    #[arg(value_name = "FILE|DIGEST")]
    document: String,
    /// The media type, text/csv for instance [default: by the ending of the file]
    #[arg(long = "type", value_name = "TYPE")]
    media_type: Option<String>,
    /// Where it may be found; a convenience that nobody trusts
    #[arg(long, value_name = "URI", default_value = "", hide_default_value = true)]
    uri: String,
    /// A line for people; the ledger keeps it for ever
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &EvidenceArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut voice = Voice::of_witness(session, &args.sign, args.agreement.agreement.as_deref())?;
    let dispute = find_open(voice.agreement(), &args.dispute)?.id;
    let media_type = args.media_type.clone().unwrap_or_else(|| media_type_of(&args.document).to_owned());
    let body = Body::Evidence(Evidence {
        dispute,
        digest: digests::sha256(&args.document)?,
        media_type,
        uri: args.uri.clone(),
        note: args.note.clone(),
    });
    voice.say(vec![body], "", |agreement, _| {
        let entry = agreement.dispute(&dispute)?.index;
        Some(format!("show the file to the other side and to the mediator; the dispute: counterfoil disputes {entry}"))
    })
}

/// Returns the media type that the ending of a file stands for; of nothing in particular: bytes.
fn media_type_of(file: &str) -> &'static str {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    MEDIA_TYPES.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map_or(BYTES, |(_, media_type)| media_type)
}

const BYTES: &str = "application/octet-stream";
const MEDIA_TYPES: [(&str, &str); 12] = [
    ("csv", "text/csv"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("pdf", "application/pdf"),
    ("eml", "message/rfc822"),
    ("mbox", "application/mbox"),
    ("tar", "application/x-tar"),
    ("gz", "application/gzip"),
    ("zip", "application/zip"),
    ("png", "image/png"),
];

#[cfg(test)]
mod tests {
    use super::media_type_of;

    #[test]
    fn files_say_by_their_ending_what_they_are() {
        assert_eq!(media_type_of("mails/rows.CSV"), "text/csv");
        assert_eq!(media_type_of("mails.tar"), "application/x-tar");
        assert_eq!(media_type_of("sha256:00"), "application/octet-stream");
    }
}
