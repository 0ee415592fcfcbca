//! Scripts: lines of words. What the words mean is in [`super::terms`] and [`super::play`].

/// A line of a script.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    pub(super) words: Vec<&'a str>,
    /// What stands behind `->`.
    pub(super) outcome: Vec<&'a str>,
}

/// Reads the lines of a script; what stands behind `#` is for people.
pub(super) fn lines(script: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(script.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let (said, outcome) = line.split_once("->").unwrap_or((line, ""));
        let words: Vec<_> = said.split_whitespace().collect();
        if !words.is_empty() && words != ["---"] {
            lines.push(Line { number, words, outcome: outcome.split_whitespace().collect() });
        }
    }
    lines
}

/// The words of one statement, taken from the front, and its options by name.
pub(super) struct Words<'a> {
    rest: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn new(words: &[&'a str]) -> Self {
        Self { rest: words.to_vec() }
    }

    pub(super) fn next(&mut self, what: &str) -> Result<&'a str, String> {
        if self.rest.is_empty() { Err(format!("{what} is missing")) } else { Ok(self.rest.remove(0)) }
    }

    /// Takes the word behind the first `name`, wherever it stands.
    pub(super) fn option(&mut self, name: &str) -> Option<&'a str> {
        let place = self.rest.iter().position(|word| *word == name).filter(|place| place + 1 < self.rest.len())?;
        self.rest.remove(place);
        Some(self.rest.remove(place))
    }

    /// Takes the word `name`, if it is there.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        let place = self.rest.iter().position(|word| *word == name);
        place.map(|place| self.rest.remove(place)).is_some()
    }

    pub(super) fn all(&mut self) -> Vec<&'a str> {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("too many words: {}", self.rest.join(" "))) }
    }
}

/// Reads a value that has a text form.
pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("`{text}`: {error}"))
}

/// Reads values separated by commas.
pub(super) fn list<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').filter(|part| !part.is_empty()).map(parse).collect()
}

/// Reads `58.33` as 5833 minor units, whatever the currency; `58` is 58 minor units.
pub(super) fn minor<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    parse(&text.replace('.', ""))
}
