//! Terms about the work: `window attest 14`, `daily-claims 3`.

use counterfoil::statement::terms::Terms;

use crate::stories::script::{Words, parse};

/// The kinds of line.
pub(super) const WORDS: [&str; 2] = ["window", "daily-claims"];

pub(super) fn line(terms: &mut Terms, kind: &str, words: &mut Words<'_>) -> Result<(), String> {
    match kind {
        "window" => {
            let window = match words.next("which")? {
                "attest" => &mut terms.windows.attest,
                "challenge" => &mut terms.windows.challenge,
                "closing" => &mut terms.windows.closing,
                "statement" => &mut terms.windows.statement,
                "evidence" => &mut terms.windows.evidence,
                "audit" => &mut terms.windows.audit,
                other => return Err(format!("`{other}` is no window")),
            };
            *window = parse(words.next("days")?)?;
        }
        "daily-claims" => terms.daily_claims_max = Some(parse(words.next("a number")?)?),
        other => return Err(format!("`{other}` is no term")),
    }
    Ok(())
}
