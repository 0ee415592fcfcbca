//! Terms about the agreement itself: trial, exit, tail; a further version of them.

use counterfoil::{
    digest::Digest,
    statement::{
        rules::{ExitTerms, Trial},
        terms::Terms,
    },
};

use crate::stories::script::{Words, parse};

/// The kinds of line.
pub(super) const WORDS: [&str; 3] = ["trial", "exit-terms", "tail"];

pub(super) fn line(terms: &mut Terms, kind: &str, words: &mut Words<'_>) -> Result<(), String> {
    match kind {
        "trial" => {
            terms.trial = Some(Trial { days: parse(words.next("days")?)?, criteria: Digest::of(&[b"criteria"]) });
        }
        "exit-terms" => {
            let notice_days = parse(words.next("days of notice")?)?;
            let (factor, factor_without_notice) = (parse(words.next("factor")?)?, parse(words.next("factor")?)?);
            terms.exit = Some(ExitTerms { notice_days, factor, factor_without_notice });
        }
        "tail" => terms.tail_days = parse(words.next("days")?)?,
        other => return Err(format!("`{other}` is no term")),
    }
    Ok(())
}
