//! TOML files that people write, read with every value's place kept: an error names file, line and key, and what to
//! write instead. Knows no words of its own; who reads a table says which keys it may have.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    cli::{args::Until, error::Failure},
    split::Ratio,
    time::Timestamp,
};

/// The most bytes a file may have: far more than the terms that fit into one statement.
pub const TOML_FILE_BYTES_MAX: u64 = 1_024 * 1_024;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct TomlFile {
    path: PathBuf,
    text: String,
}

impl TomlFile {
    /// Reads the file at `path`.
    ///
    /// Errors: [`TomlFileError::Read`], [`TomlFileError::TooLarge`].
    pub fn read(path: &Path) -> Result<Self, TomlFileError> {
        let failed = |source| TomlFileError::Read { path: path.to_owned(), source };
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(TOML_FILE_BYTES_MAX + 1).read_to_string(&mut text));
        if u64::try_from(read.map_err(failed)?).is_ok_and(|bytes| bytes > TOML_FILE_BYTES_MAX) {
            return Err(TomlFileError::TooLarge { path: path.to_owned() });
        }
        Ok(Self::new(path, text))
    }

    /// Takes `text` for what stands in the file at `path`.
    #[must_use]
    pub fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text }
    }

    /// Returns where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the text as TOML.
    ///
    /// Errors: [`TomlFileError::Syntax`].
    pub fn parse(&self) -> Result<Parsed<'_>, TomlFileError> {
        let root = DeTable::parse(&self.text).map_err(|error| TomlFileError::Syntax {
            path: self.path.clone(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            says: error.message().to_owned(),
        })?;
        Ok(Parsed { file: self, root: DeValue::Table(root.into_inner()) })
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }
}

/// What stands in a file.
#[derive(Debug)]
pub struct Parsed<'f> {
    file: &'f TomlFile,
    root: DeValue<'f>,
}

impl Parsed<'_> {
    /// Returns the whole file as one value.
    #[must_use]
    pub const fn root(&self) -> Node<'_> {
        Node { file: self.file, key: String::new(), span: 0..0, value: &self.root }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    file: &'a TomlFile,
    /// The path of keys that leads here: `units[2].points`. Empty for the whole file.
    key: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

/// A table whose keys were checked.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    node: Node<'a>,
    table: &'a DeTable<'a>,
}

impl<'a> Node<'a> {
    /// Takes a table that may have the keys `known` and no others.
    ///
    /// Errors: [`Problem::Kind`], [`Problem::KeyUnknown`] for the first key that is not known.
    pub fn table(self, known: &[&str]) -> Result<Table<'a>, TomlFileError> {
        let DeValue::Table(table) = self.value else { return Err(self.other_than("a table")) };
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        if let Some(key) = unknown.min_by_key(|key| key.span().start) {
            let found = key.get_ref().to_string();
            let problem = Problem::KeyUnknown { nearest: nearest(&found, known), known: known.join(", ") };
            return Err(self.error_at(key.span().start, self.key_of(&found), problem));
        }
        Ok(Table { node: self, table })
    }

    /// Takes a table whose keys are names of the writer's, in the order of the file. The first of each pair is the key.
    ///
    /// Errors: [`Problem::Kind`].
    pub fn entries(&self) -> Result<Vec<(&'a str, Node<'a>)>, TomlFileError> {
        let DeValue::Table(table) = self.value else { return Err(self.other_than("a table")) };
        let mut entries: Vec<_> =
            table.iter().map(|(key, value)| (key.get_ref().as_ref(), self.child(key, value))).collect();
        entries.sort_by_key(|(_, node)| node.span.start);
        Ok(entries)
    }

    /// Takes a list.
    ///
    /// Errors: [`Problem::Kind`].
    pub fn items(&self) -> Result<Vec<Node<'a>>, TomlFileError> {
        let DeValue::Array(array) = self.value else { return Err(self.other_than("a list")) };
        let item = |(position, value): (usize, &'a Spanned<DeValue<'a>>)| Node {
            file: self.file,
            key: format!("{}[{position}]", self.key),
            span: value.span(),
            value: value.get_ref(),
        };
        Ok(array.iter().enumerate().map(item).collect())
    }

    /// Takes a text.
    ///
    /// Errors: [`Problem::Kind`].
    pub fn text(&self) -> Result<&'a str, TomlFileError> {
        self.value.as_str().ok_or_else(|| self.other_than("a text in quotes"))
    }

    /// Takes a text that is something else, written down.
    ///
    /// Errors: [`Problem::Kind`]; [`Problem::Wrong`] if the text is none.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, TomlFileError> {
        self.text()?.parse().map_err(|error: T::Err| self.wrong(error))
    }

    /// Takes a fraction: a text like `"3/2"`, `"70%"`, `"1.5"`, or a whole number.
    ///
    /// Errors: [`Problem::Float`] for a number with a point outside quotes; [`Problem::Kind`], [`Problem::Wrong`].
    pub fn ratio(&self) -> Result<Ratio, TomlFileError> {
        match self.value {
            DeValue::String(text) => text.parse().map_err(|error| self.wrong(error)),
            DeValue::Integer(number) if number.radix() == 10 => {
                number.as_str().parse().map_err(|error| self.wrong(error))
            }
            DeValue::Float(number) => Err(self.error(Problem::Float { found: number.as_str().to_owned() })),
            _ => Err(self.other_than("a fraction in quotes")),
        }
    }

    /// Takes a whole number that is not negative.
    ///
    /// Errors: [`Problem::Kind`].
    pub fn count(&self) -> Result<u32, TomlFileError> {
        let number = self.value.as_integer().filter(|number| number.radix() == 10);
        let number = number.and_then(|number| number.as_str().parse().ok());
        number.ok_or_else(|| self.other_than("a whole number below 2^32"))
    }

    /// Takes `true` or `false`.
    ///
    /// Errors: [`Problem::Kind`].
    pub fn flag(&self) -> Result<bool, TomlFileError> {
        self.value.as_bool().ok_or_else(|| self.other_than("true or false"))
    }

    /// Takes a time until which something may be done: a date, which means all of it, or a time with its offset; in quotes or without.
    ///
    /// Errors: [`Problem::Kind`], [`Problem::Wrong`].
    pub fn until(&self) -> Result<Timestamp, TomlFileError> {
        let text = match self.value {
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => return Err(self.other_than("a date, or a time with its offset")),
        };
        text.parse().map(|until: Until| until.0).map_err(|error| self.wrong(error))
    }

    /// Whether this is a text.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// Takes the name of one of `known`, which are of the kind `kind`, and returns its position.
    ///
    /// Errors: [`Problem::NameUnknown`], [`Problem::Kind`].
    pub fn name_among<T: fmt::Display>(
        &self,
        kind: &'static str,
        known: impl IntoIterator<Item = T>,
    ) -> Result<usize, TomlFileError> {
        self.among(self.text()?, kind, known)
    }

    /// Finds `name` among `known`, as [`Self::name_among`].
    ///
    /// Errors: [`Problem::NameUnknown`].
    pub fn among<T: fmt::Display>(
        &self,
        name: &str,
        kind: &'static str,
        known: impl IntoIterator<Item = T>,
    ) -> Result<usize, TomlFileError> {
        let known: Vec<String> = known.into_iter().map(|known| known.to_string()).collect();
        known.iter().position(|known| known == name).ok_or_else(|| {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let nearest = nearest(name, &known);
            self.error(Problem::NameUnknown { kind, found: name.to_owned(), nearest, known: known.join(", ") })
        })
    }

    /// Says that something is wrong with this value.
    #[must_use]
    pub fn wrong(&self, says: impl fmt::Display) -> TomlFileError {
        self.error(Problem::Wrong { says: says.to_string() })
    }

    /// Says what is wrong with this value.
    #[must_use]
    pub fn error(&self, problem: Problem) -> TomlFileError {
        self.error_at(self.span.start, self.key.clone(), problem)
    }

    /// Says that the file `named` by this value cannot be read.
    #[must_use]
    pub fn named(&self, named: PathBuf, source: io::Error) -> TomlFileError {
        let (path, line) = (self.file.path.clone(), self.file.line(self.span.start));
        TomlFileError::Named { path, line, key: self.key.clone(), named, source }
    }

    fn error_at(&self, at: usize, key: String, problem: Problem) -> TomlFileError {
        TomlFileError::Value { path: self.file.path.clone(), line: self.file.line(at), key, problem: Box::new(problem) }
    }

    fn other_than(&self, expected: &'static str) -> TomlFileError {
        let found = match self.value {
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(_) => "a text in quotes".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        self.error(Problem::Kind { expected, found })
    }

    fn child(&self, key: &'a Spanned<impl AsRef<str>>, value: &'a Spanned<DeValue<'a>>) -> Self {
        let key = self.key_of(key.get_ref().as_ref());
        Node { file: self.file, key, span: value.span(), value: value.get_ref() }
    }

    fn key_of(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }
}

impl<'a> Table<'a> {
    /// Returns the value of a key, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        self.table.get_key_value(key).map(|(key, value)| self.node.child(key, value))
    }

    /// Returns the value of a key.
    ///
    /// Errors: [`Problem::Missing`].
    pub fn need(&self, key: &'static str) -> Result<Node<'a>, TomlFileError> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    /// Reads the value of a key, if it is there.
    ///
    /// Errors: those of `read`.
    pub fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(Node<'a>) -> Result<T, TomlFileError>,
    ) -> Result<Option<T>, TomlFileError> {
        self.get(key).map(read).transpose()
    }

    /// Says that a key is missing.
    #[must_use]
    pub fn missing(&self, key: &str) -> TomlFileError {
        self.node.error_at(self.node.span.start, self.node.key_of(key), Problem::Missing)
    }
}

/// Returns the known word that `found` is a slip of, if it is one: a third of its letters at most differ.
#[must_use]
pub fn nearest(found: &str, known: &[&str]) -> Option<String> {
    let distance = |word: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &found.to_lowercase());
    let best = known.iter().min_by_key(|word| distance(word))?;
    let slips_max = best.chars().count().div_ceil(3);
    (distance(best) <= slips_max).then(|| (*best).to_owned())
}

/// Why a file does not hold what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TomlFileError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is too large.
    #[error("{} has more than {TOML_FILE_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is no TOML.
    #[error("{}:{line}: not TOML: {says}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        says: String,
    },
    /// A value is not what it should be.
    #[error("{}:{line}: {key}: {problem}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The path of keys that leads to the value.
        key: String,
        /// What is wrong with it.
        problem: Box<Problem>,
    },
    /// A file that a value names cannot be read.
    #[error("{}:{line}: {key}: cannot read {}", path.display(), named.display())]
    Named {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The path of keys that leads to the value.
        key: String,
        /// The file it names.
        named: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: io::Error,
    },
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The table has no such key.
    #[error("is not known here")]
    KeyUnknown {
        /// The known key that is most like it.
        nearest: Option<String>,
        /// All known keys.
        known: String,
    },
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is of another kind.
    #[error("must be {expected}, not {found}")]
    Kind {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// It is a number with a point outside quotes, which is never exact.
    #[error("{found} is a floating-point number")]
    Float {
        /// The number.
        found: String,
    },
    /// It names something that there is not.
    #[error("`{found}` is no {kind} of this agreement")]
    NameUnknown {
        /// What is named: `party`.
        kind: &'static str,
        /// The name.
        found: String,
        /// The name that is most like it.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// It cannot be read as what it should be.
    #[error("{says}")]
    Wrong {
        /// What is wrong with it.
        says: String,
    },
}

impl TomlFileError {
    /// Returns what the writer of the file can do: a sentence for the `hint:` line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let meant = |nearest: &Option<String>, known: &str| match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known are: {known}"),
        };
        Some(match self {
            Self::Value { problem, .. } => match &**problem {
                Problem::KeyUnknown { nearest, known } | Problem::NameUnknown { nearest, known, .. } => {
                    meant(nearest, known)
                }
                Problem::Float { found } => format!("write it in quotes, it is then exact: \"{found}\""),
                Problem::Missing => "`counterfoil propose --example` shows the keys and explains them".to_owned(),
                Problem::Kind { .. } | Problem::Wrong { .. } => return None,
            },
            Self::Syntax { .. } => {
                "texts stand in quotes; `counterfoil propose --example` is a file that is right".to_owned()
            }
            Self::Named { .. } => "the path is taken from the folder of the file that names it".to_owned(),
            Self::Read { .. } | Self::TooLarge { .. } => return None,
        })
    }
}

impl From<TomlFileError> for Failure {
    fn from(error: TomlFileError) -> Self {
        let hint = error.hint();
        let says = error.to_string();
        let failure = match error {
            TomlFileError::Read { source, .. } | TomlFileError::Named { source, .. } => {
                Self::usage(says).because(source)
            }
            _ => Self::usage(says),
        };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
