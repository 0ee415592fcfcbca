//! Tells the story while it is played: numbered steps with indented lines. With `--json` it says nothing; the answer comes
//! at the end.

use crate::{
    cli::{
        error::Failure,
        output::{Output, bad, good, heading, plain},
    },
    client::Refused,
};

/// Who tells the story.
pub(super) struct Narrator {
    output: Output,
    steps: usize,
    /// The first thing that could not be said, such as to a closed pipe.
    failed: Option<Failure>,
}

impl Narrator {
    /// Tells it to `output`.
    pub(super) const fn new(output: Output) -> Self {
        Self { output, steps: 0, failed: None }
    }

    /// Begins the next step.
    pub(super) fn step(&mut self, text: &str) {
        self.steps += 1;
        let number = format!("{:>2}", self.steps);
        self.text(&format!("{} {text}", heading(&number)));
    }

    /// Says a line of the step.
    pub(super) fn line(&mut self, text: &str) {
        self.text(&format!("     {text}"));
    }

    /// Says what was refused, and why.
    pub(super) fn refused(&mut self, what: &str, refused: &Refused) {
        self.line(&format!("{} {what}", bad(&format!("{:<17}", refused.reason))));
        self.line(&format!("{:<17} {}", "", shorten(&plain(&refused.message))));
    }

    /// Says what was found wrong, and under which rule.
    pub(super) fn bad(&mut self, rule: &str, says: &str) {
        self.line(&format!("   {} {says}", bad(rule)));
    }

    /// Says what went well.
    pub(super) fn good(&mut self, text: &str) {
        self.line(&good(text));
    }

    /// Says lines as they are.
    pub(super) fn text(&mut self, text: &str) {
        if self.output.is_json() || self.failed.is_some() {
            return;
        }
        let text = text.trim_end_matches('\n');
        self.failed = self.output.answer_line(|| serde_json::Value::Null, || text.to_owned()).err();
    }

    /// Ends the story.
    ///
    /// Errors: when it could not be told to the end.
    pub(super) fn end(self) -> Result<(), Failure> {
        self.failed.map_or(Ok(()), Err)
    }
}

/// Names entries: `entry 3`, `entries 3 and 4`.
pub(super) fn entries(indexes: &[u64]) -> String {
    match indexes {
        [one] => format!("entry {one}"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
            format!("entries {} and {last}", rest.join(", "))
        }
        [] => "no entry".to_owned(),
    }
}

/// Shortens ids and digests to their beginning: who wants them in full asks for JSON.
pub(super) fn shorten(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let mut shortened = String::with_capacity(text.len());
    for word in text.split_inclusive(|c| !is_part(c)) {
        let length = word.find(|c| !is_part(c)).unwrap_or(word.len());
        if length > WORD_CHARACTERS_MAX {
            shortened.push_str(&word[..BEGINNING_CHARACTERS]);
            shortened.push_str("...");
            shortened.push_str(&word[length..]);
        } else {
            shortened.push_str(word);
        }
    }
    shortened
}

const WORD_CHARACTERS_MAX: usize = 32;
const BEGINNING_CHARACTERS: usize = 12;

#[cfg(test)]
mod tests {
    use super::{entries, shorten};

    #[test]
    fn ids_are_shortened_and_words_are_not() {
        let id = "st1vp83f20ahsfdyukq2dw8r89868xpx7cmw4f6gh6smrwhe5lw8k9qm6xku9";
        assert_eq!(shorten(&format!("{id} is, as {id}: yes")), "st1vp83f20ah... is, as st1vp83f20ah...: yes");
        assert_eq!(shorten("nothing to shorten here"), "nothing to shorten here");
    }

    #[test]
    fn entries_are_named_in_words() {
        assert_eq!(entries(&[3]), "entry 3");
        assert_eq!(entries(&[3, 4, 7]), "entries 3, 4 and 7");
    }
}
