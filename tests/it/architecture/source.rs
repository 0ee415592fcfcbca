//! Rust source cut into what the rules look at: code without comments and texts, prose without code, imports.

use std::collections::BTreeSet;

/// A source file, cut up.
pub struct Source {
    /// The path below the crate, with `/`.
    pub path: String,
    /// The text as it is.
    pub text: String,
    /// Code alone: comments, string and character literals are blanks; test modules are left out.
    pub code: String,
    /// Comments and string literals alone, test modules included.
    pub prose: String,
}

impl Source {
    /// Cuts up a file.
    pub fn new(path: &str, text: &str) -> Self {
        let (code, prose) = separate(text);
        // A test module in a file of its own, below the file that declares it.
        let code =
            if path.starts_with("src/") && path.ends_with("/tests.rs") { String::new() } else { without_tests(&code) };
        Self { path: path.into(), text: text.into(), code, prose }
    }

    /// Returns the room of a file in `src`: `merkle`, `main`.
    pub fn room(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        let first = inner.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// Whether the whole file is tests.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Returns the rooms that the code names by `crate::`, by `counterfoil::` in `main`, or in a group of them.
    pub fn rooms_named(&self) -> BTreeSet<String> {
        let mut rooms = BTreeSet::new();
        for path in ["crate::", "counterfoil::"] {
            for (at, _) in self.code.match_indices(path) {
                let before = self.code[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let rest = self.code[at + path.len()..].trim_start();
                match rest.strip_prefix('{') {
                    Some(group) => rooms.extend(first_words(group)),
                    None => rooms.extend(word_at_start(rest)),
                }
            }
        }
        rooms
    }

    /// Whether the code climbs out of its room by `super`, past the imports that the table holds.
    pub fn climbs_out(&self) -> bool {
        let Some(inner) = self.path.strip_prefix("src/") else { return false };
        let depth = inner.split('/').filter(|part| *part != "mod.rs").count();
        self.code.contains(&"super::".repeat(depth))
    }

    /// Returns the words of the names that the code defines: `PageToken` and `page_token` are `page` and `token`.
    pub fn words_defined(&self) -> Vec<String> {
        let defining = ["fn", "struct", "enum", "trait", "type", "mod", "const", "static"];
        let parts: Vec<&str> = self.code.split_whitespace().collect();
        let named =
            parts.windows(2).filter(|pair| defining.contains(&pair[0])).filter_map(|pair| word_at_start(pair[1]));
        named.flat_map(|name| words_of(&name)).collect()
    }

    /// Whether the code names `name` as a whole path segment or word.
    pub fn names(&self, name: &str) -> bool {
        self.code.match_indices(name).any(|(at, _)| {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let before = self.code[..at].chars().next_back().is_some_and(word);
            let after = self.code[at + name.len()..].chars().next().is_some_and(word);
            !before && !after
        })
    }

    /// Whether the code names `std::<module>`, alone or in a group.
    pub fn names_std(&self, module: &str) -> bool {
        if self.names(&format!("std::{module}")) {
            return true;
        }
        let groups = self.code.match_indices("std::{");
        groups.into_iter().any(|(at, found)| {
            let words = first_words(&self.code[at + found.len()..]);
            words.iter().any(|word| word == module)
        })
    }
}

/// Returns the first word of every item of a group, up to the brace that ends it.
fn first_words(group: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut depth, mut at_start) = (0, true);
    let mut rest = group;
    while let Some(c) = rest.chars().next() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if c.is_whitespace() => {}
            _ if at_start => {
                words.extend(word_at_start(rest));
                at_start = false;
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    words
}

/// Cuts a name where it is joined: at `_`, and where a capital follows a small letter.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small_before = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && small_before) {
            words.push(String::new());
        }
        words.last_mut().unwrap().extend(c.to_lowercase().filter(|c| *c != '_'));
        small_before = c.is_lowercase();
    }
    words
}

fn word_at_start(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// Separates code from comments and literals; both keep their lines.
fn separate(text: &str) -> (String, String) {
    let (mut code, mut prose) = (String::new(), String::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal_or_comment(rest, code.chars().next_back());
        let (target, other, taken) = match length {
            Some(length) => (&mut prose, &mut code, length),
            None => (&mut code, &mut prose, first.len_utf8()),
        };
        target.push_str(&rest[..taken]);
        other.extend(rest[..taken].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[taken..];
    }
    (code, prose)
}

/// Returns the length of the comment or literal that `rest` begins with.
fn literal_or_comment(rest: &str, before: Option<char>) -> Option<usize> {
    let until = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(until("*/", 2));
    }
    let within_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !within_word && (rest.starts_with("r\"") || rest.starts_with("r#")) {
        let fences = rest[1..].chars().take_while(|&c| c == '#').count();
        if rest[1 + fences..].starts_with('"') {
            return Some(until(&format!("\"{}", "#".repeat(fences)), fences + 2));
        }
    }
    if rest.starts_with('"') {
        return Some(escaped_until('"', rest));
    }
    // 'x' and '\n' are characters, 'a without its end is a lifetime.
    let inner: Vec<char> = rest.strip_prefix('\'')?.chars().take(2).collect();
    match inner.as_slice() {
        ['\\', _] => Some(escaped_until('\'', rest)),
        [c, '\''] => Some(2 + c.len_utf8()),
        _ => None,
    }
}

fn escaped_until(end: char, rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == end => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Leaves out what stands under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let (open, end) = (item.find('{'), item.find(';'));
        let length = match (open, end) {
            (Some(open), end) if end.is_none_or(|end| open < end) => open + balanced(&item[open..]),
            (_, Some(end)) => end + 1,
            _ => item.len(),
        };
        rest = &item[length..];
    }
    kept.push_str(rest);
    kept
}

fn balanced(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
