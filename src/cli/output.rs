//! What the program says: the answer on standard output, the talk on standard error, both in words or in JSON.
//!
//! Texts of others (titles, notes, names of files) pass through [`plain`] before they reach a terminal.

use std::{
    fmt::{self, Display},
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::error::{Failure, OUTPUT_FAILED};

/// Where a verb says what it has to say.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
}

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

impl Output {
    /// Speaks in JSON or in words; quietly or not.
    #[must_use]
    pub const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether the answer is JSON.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Gives the answer: `value` with `--json`, otherwise the text that `words` makes. Each ends with a line end.
    pub fn answer(&self, value: impl FnOnce() -> Value, words: impl FnOnce() -> String) -> Result<(), Failure> {
        let mut text = if self.json { format!("{:#}", value()) } else { words() };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        write_answer(&text)
    }

    /// Gives one of many answers: one line of JSON with `--json`, otherwise one line of text.
    pub fn answer_line(&self, value: impl FnOnce() -> Value, words: impl FnOnce() -> String) -> Result<(), Failure> {
        let text = if self.json { value().to_string() } else { words() };
        write_answer(&(text + "\n"))
    }

    /// Gives bytes as they are.
    pub fn answer_bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(closed)
    }

    /// Says something beside the answer, unless quiet.
    pub fn note(&self, text: impl Display) {
        self.talk(&format!("{text}"));
    }

    /// Says what to be careful about, unless quiet.
    pub fn warn(&self, text: impl Display) {
        self.talk(&format!("{YELLOW}warning:{YELLOW:#} {text}"));
    }

    /// Says what to do next, unless quiet.
    pub fn next(&self, text: impl Display) {
        self.talk(&format!("{CYAN}next:{CYAN:#} {text}"));
    }

    fn talk(&self, text: &str) {
        if !self.quiet {
            // That nobody hears the talk is no reason to stop.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Asks a question whose answer is yes or no, on the terminal. The statement above it is shown even if quiet.
    ///
    /// Errors: when there is no terminal to ask on.
    pub fn ask(&self, shown: &str, question: &str) -> Result<bool, Failure> {
        if !io::stdin().is_terminal() {
            return Err(Failure::usage("nobody can be asked: standard input is no terminal")
                .hint("read what would be signed with --dry-run, then add --yes"));
        }
        let mut err = anstream::stderr();
        let mut line = String::new();
        let asked = write!(err, "{shown}\n{BOLD}{question}{BOLD:#} [y/N] ")
            .and_then(|()| err.flush())
            .and_then(|()| io::stdin().read_line(&mut line));
        asked.map_err(|cause| Failure::io("nobody can be asked", cause))?;
        Ok(matches!(line.trim(), "y" | "Y" | "yes"))
    }

    /// Shows how far something of `length` steps has come: on standard error, and only on a terminal.
    #[must_use]
    pub fn progress(&self, length: u64, what: &'static str) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg} [{bar:32}] {pos}/{len} {rate} {eta} left");
        let style = style.expect("the template is a literal with known fields").progress_chars("=> ");
        bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // A bar that cannot be drawn is no reason to stop.
            let _ = write!(out, "{:.0}/s", state.per_sec());
        }));
        bar.set_message(what);
        bar
    }

    /// Says why the program could not do its work.
    pub fn failure(&self, failure: &Failure) {
        let mut err = anstream::stderr();
        let text = if self.json { failure_json(failure) } else { failure_words(failure) };
        let _ = write!(err, "{text}");
    }
}

fn write_answer(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(closed)
}

fn closed(cause: io::Error) -> Failure {
    Failure::io(OUTPUT_FAILED, cause)
}

fn failure_words(failure: &Failure) -> String {
    let reason = failure.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let mut text = format!("{RED}error:{RED:#} {}{reason}\n", failure.says);
    for cause in failure.causes() {
        text.push_str(&format!("cause: {cause}\n"));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("{CYAN} hint:{CYAN:#} {hint}\n"));
    }
    text
}

fn failure_json(failure: &Failure) -> String {
    let error = json!({
        "error": failure.says,
        "reason": failure.reason,
        "causes": failure.causes(),
        "hint": failure.hint,
        "exit_code": failure.exit.code(),
    });
    format!("{error:#}\n")
}

/// Marks what went well.
#[must_use]
pub fn good(text: &str) -> String {
    format!("{GREEN}{text}{GREEN:#}")
}

/// Marks what went wrong.
#[must_use]
pub fn bad(text: &str) -> String {
    format!("{RED}{text}{RED:#}")
}

/// Marks a heading.
#[must_use]
pub fn heading(text: &str) -> String {
    format!("{BOLD}{text}{BOLD:#}")
}

/// Returns a text of somebody else so that it cannot move the cursor, colour the screen, or turn the line around.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if is_hidden(c) { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_text_of_others_cannot_steer_the_terminal() {
        assert_eq!(plain("maintenance, Q1 \u{2014} naïve"), "maintenance, Q1 \u{2014} naïve");
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(plain("invoice\u{202e}fdp"), "invoice\\u{202e}fdp");
    }
}
