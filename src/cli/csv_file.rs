//! CSV files, plain or gzip: which column is which field, and limits on everything. What the fields mean, [`rows`] knows.
//!
//! A field is read from the column of its own name, from another that `--column FIELD=COLUMN` names, or is the same in
//! every row by `--set FIELD=VALUE`. Columns that no field reads are left alone, and named once to who runs this.
//!
//! [`rows`]: crate::cli::csv_rows

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use clap::Args;
use csv::{ErrorKind, StringRecord as CsvFields, Trim};
use flate2::bufread::MultiGzDecoder;

use crate::cli::{error::Failure, toml_file::nearest};

/// The most bytes a file may have after decompression.
pub const CSV_FILE_BYTES_MAX: u64 = 256 * 1_024 * 1_024;
/// The most rows a file may have.
pub const CSV_ROWS_MAX: u64 = 2_000_000;
/// The most bytes one row may have, give or take what is read ahead.
pub const CSV_ROW_BYTES_MAX: u64 = 64 * 1_024;

/// Which column is which field
#[derive(Args, Clone, Debug, Default)]
pub struct MappingArgs {
    /// Read FIELD from the column of another name: --column time=landed
    #[arg(long = "column", value_name = "FIELD=COLUMN")]
    pub columns: Vec<String>,
    /// Take VALUE for FIELD in every row: --set unit=commit
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub fixed: Vec<String>,
}

/// Where each field comes from, unless from the column of its own name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    origins: BTreeMap<String, Origin>,
    /// What the flags begin with, for hints: `--` or `--benefit-`.
    prefix: Prefix,
}

/// What the flags of a mapping begin with; several files may be named at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefix {
    /// `--column`, `--set`.
    #[default]
    Plain,
    /// `--benefit-column`, `--benefit-set`.
    Benefit,
}

impl Prefix {
    const fn flags(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("--column", "--set"),
            Self::Benefit => ("--benefit-column", "--benefit-set"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Column(String),
    Fixed(String),
    /// Fixed where the file has no column of the field's name.
    Else(String),
}

impl MappingArgs {
    /// Reads the flags; only the fields `known` may be named, each once.
    ///
    /// Errors: a usage failure that names the nearest known field.
    pub fn mapping(&self, known: &[&str]) -> Result<Mapping, Failure> {
        self.mapping_of(Prefix::Plain, known)
    }

    /// Reads the flags as [`Self::mapping`], for those that begin with `prefix`.
    ///
    /// Errors: as [`Self::mapping`].
    pub fn mapping_of(&self, prefix: Prefix, known: &[&str]) -> Result<Mapping, Failure> {
        let mut mapping = Mapping { prefix, ..Mapping::default() };
        let (column, set) = prefix.flags();
        let columns = self.columns.iter().map(|text| (column, text));
        for (flag, text) in columns.chain(self.fixed.iter().map(|text| (set, text))) {
            let Some((field, value)) = text.split_once('=') else {
                return Err(Failure::usage(format!("`{flag} {text}` has no `=`"))
                    .hint(format!("write it like {flag} time=landed; the fields are: {}", known.join(", "))));
            };
            if !known.contains(&field) {
                let hint = nearest(field, known).map_or_else(
                    || format!("the fields are: {}", known.join(", ")),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                return Err(Failure::usage(format!("`{flag} {text}`: there is no field `{field}`")).hint(hint));
            }
            let value = value.trim().to_owned();
            let origin = if flag == set { Origin::Fixed(value) } else { Origin::Column(value) };
            if mapping.origins.insert(field.to_owned(), origin).is_some() {
                return Err(Failure::usage(format!("`{flag} {text}`: the field `{field}` is given twice")));
            }
        }
        Ok(mapping)
    }
}

impl Mapping {
    /// Takes `value` for `field` where the file has no column of its name and nothing else was said of it.
    #[must_use]
    pub fn or_else(mut self, field: &str, value: &str) -> Self {
        self.origins.entry(field.to_owned()).or_insert_with(|| Origin::Else(value.to_owned()));
        self
    }
}

/// An open file, its columns known.
pub struct Sheet {
    path: PathBuf,
    rows: csv::Reader<Guard<Box<dyn Read>>>,
    /// Bytes read since the row before.
    since: Rc<Cell<u64>>,
    heads: Vec<String>,
    mapping: Mapping,
    /// By column: whether a field reads it.
    used: Vec<bool>,
    line: u64,
    count: u64,
}

/// Where a field of a sheet is.
#[derive(Clone, Debug)]
pub struct Field {
    name: &'static str,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Column(usize),
    Fixed(String),
}

/// One row.
pub struct Row {
    fields: CsvFields,
    /// The line it begins in, from 1.
    pub line: u64,
}

impl Sheet {
    /// Opens the file at `path` and reads its first line, the names of the columns.
    ///
    /// Errors: [`CsvError`].
    pub fn open(path: &Path, mapping: Mapping) -> Result<Self, CsvError> {
        Self::open_within(path, mapping, CSV_FILE_BYTES_MAX)
    }

    fn open_within(path: &Path, mapping: Mapping, bytes_max: u64) -> Result<Self, CsvError> {
        let unread = |source| CsvError::Read { path: path.to_owned(), source };
        let mut file = BufReader::new(File::open(path).map_err(unread)?);
        let is_gzip = file.fill_buf().map_err(unread)?.starts_with(&GZIP_MAGIC);
        let input: Box<dyn Read> = if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let since = Rc::new(Cell::new(0));
        let guard = Guard { input, since: Rc::clone(&since), left: bytes_max };
        let mut rows = csv::ReaderBuilder::new().trim(Trim::All).buffer_capacity(READ_AHEAD_BYTES).from_reader(guard);
        let heads = rows.headers().map_err(|error| said(path, 1, error))?;
        let heads: Vec<String> = heads.iter().map(str::to_owned).collect();
        if heads.is_empty() {
            return Err(CsvError::Empty { path: path.to_owned() });
        }
        for (column, head) in heads.iter().enumerate() {
            if !head.is_empty() && heads[..column].contains(head) {
                return Err(CsvError::ColumnTwice { path: path.to_owned(), column: head.clone() });
            }
        }
        let used = vec![false; heads.len()];
        Ok(Self { path: path.to_owned(), rows, since, heads, mapping, used, line: 1, count: 0 })
    }

    /// Finds a field, if the file or the mapping has it.
    ///
    /// Errors: [`CsvError::ColumnMissing`] when the mapping names a column that there is not.
    pub fn field(&mut self, name: &'static str) -> Result<Option<Field>, CsvError> {
        let (column, origin) = match self.mapping.origins.get(name) {
            Some(Origin::Fixed(value)) => return Ok(Some(Field { name, place: Place::Fixed(value.clone()) })),
            Some(Origin::Column(column)) => (column.as_str(), self.mapping.origins.get(name)),
            other => (name, other),
        };
        if let Some(position) = self.heads.iter().position(|head| head == column) {
            self.used[position] = true;
            return Ok(Some(Field { name, place: Place::Column(position) }));
        }
        match origin {
            Some(Origin::Else(value)) => Ok(Some(Field { name, place: Place::Fixed(value.clone()) })),
            Some(_) => Err(self.missing(name, column.to_owned())),
            None => Ok(None),
        }
    }

    /// Finds a field that must be there.
    ///
    /// Errors: [`CsvError::ColumnMissing`].
    pub fn need(&mut self, name: &'static str) -> Result<Field, CsvError> {
        self.field(name)?.ok_or_else(|| self.missing(name, name.to_owned()))
    }

    fn missing(&self, field: &'static str, column: String) -> CsvError {
        let (path, columns, prefix) = (self.path.clone(), self.heads.join(", "), self.mapping.prefix);
        CsvError::ColumnMissing { path, field, column, columns, prefix }
    }

    /// Returns the columns that no field reads.
    #[must_use]
    pub fn unused_columns(&self) -> Vec<String> {
        self.heads.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(head, _)| head.clone()).collect()
    }

    /// Reads the next row; `None` after the last.
    ///
    /// Errors: [`CsvError`].
    pub fn next_row(&mut self) -> Result<Option<Row>, CsvError> {
        let mut fields = CsvFields::new();
        let at = self.line + 1;
        let found = self.rows.read_record(&mut fields).map_err(|error| said(&self.path, at, error))?;
        self.since.set(0);
        if !found {
            return Ok(None);
        }
        self.count += 1;
        if self.count > CSV_ROWS_MAX {
            return Err(CsvError::RowsTooMany { path: self.path.clone() });
        }
        self.line = fields.position().map_or(at, csv::Position::line);
        Ok(Some(Row { line: self.line, fields }))
    }

    /// Returns how many rows were read.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Says what is wrong with a field of a row.
    #[must_use]
    pub fn wrong(&self, row: &Row, field: &Field, says: impl ToString) -> CsvError {
        let (path, line) = (self.path.clone(), row.line);
        CsvError::Value { path, line, field: field.name, says: says.to_string() }
    }
}

impl Row {
    /// Returns the value of a field, without blanks around it.
    #[must_use]
    pub fn get<'a>(&'a self, field: &'a Field) -> &'a str {
        match &field.place {
            Place::Column(position) => self.fields.get(*position).unwrap_or(""),
            Place::Fixed(value) => value,
        }
    }
}

/// Counts what is read, and stops where it is too much.
struct Guard<R> {
    input: R,
    since: Rc<Cell<u64>>,
    /// How many bytes may still come.
    left: u64,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Without it, one quote that is never closed makes the rest of the file one field.
        if self.since.get() > CSV_ROW_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, Beyond::Row));
        }
        let read = self.input.read(buffer)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.left =
            self.left.checked_sub(bytes).ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, Beyond::File))?;
        self.since.set(self.since.get().saturating_add(bytes));
        Ok(read)
    }
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const READ_AHEAD_BYTES: usize = 8 * 1_024;

/// A limit that was passed while reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Beyond {
    #[error("file too large")]
    File,
    #[error("row too large")]
    Row,
}

fn said(path: &Path, line: u64, error: csv::Error) -> CsvError {
    let path = path.to_owned();
    let at = |position: &Option<csv::Position>| position.as_ref().map_or(line, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(source) => {
            let beyond = source.get_ref().and_then(|inner| inner.downcast_ref::<Beyond>());
            match beyond {
                Some(Beyond::File) => CsvError::TooLarge { path },
                Some(Beyond::Row) => CsvError::RowTooLarge { path, line },
                None => CsvError::Read { path, source },
            }
        }
        ErrorKind::Utf8 { pos, .. } => CsvError::NotUtf8 { path, line: at(&pos) },
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            CsvError::FieldCount { path, line: at(&pos), expected: expected_len, found: len }
        }
        // The other kinds belong to seeking, writing and deserialising, which this reader does not do.
        _ => CsvError::Read { path, source: io::Error::from(io::ErrorKind::InvalidData) },
    }
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
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
    #[error("{} has more than {CSV_FILE_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It has too many rows.
    #[error("{} has more than {CSV_ROWS_MAX} rows", path.display())]
    RowsTooMany {
        /// The file.
        path: PathBuf,
    },
    /// A row is too large.
    #[error("{}:{line}: the row has more than {CSV_ROW_BYTES_MAX} bytes", path.display())]
    RowTooLarge {
        /// The file.
        path: PathBuf,
        /// The line it begins in, from 1.
        line: u64,
    },
    /// There is nothing in it.
    #[error("{} is empty: its first line must name the columns", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is not UTF-8.
    #[error("{}:{line}: the row is not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A row has another number of fields than there are columns.
    #[error("{}:{line}: the row has {found} fields, the first line {expected}", path.display())]
    FieldCount {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// How many columns there are.
        expected: u64,
        /// How many fields the row has.
        found: u64,
    },
    /// Two columns have one name.
    #[error("{}:1: two columns are named `{column}`", path.display())]
    ColumnTwice {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
    /// A field has no column.
    #[error("{}:1: there is no column `{column}`", path.display())]
    ColumnMissing {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// The column it was looked for in.
        column: String,
        /// The columns there are.
        columns: String,
        /// What the flags begin with that say where it is.
        prefix: Prefix,
    },
    /// A value is not what it should be.
    #[error("{}:{line}: {field}: {says}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        says: String,
    },
}

impl CsvError {
    /// Returns what the writer of the file can do: a sentence for the `hint:` line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ColumnMissing { field, columns, prefix, .. } => {
                let (column, set) = prefix.flags();
                format!(
                    "say where it is with {column} {field}=COLUMN, or give it with {set} {field}=VALUE; columns are: {columns}"
                )
            }
            Self::RowTooLarge { .. } => "is there a quote that is never closed?".to_owned(),
            Self::FieldCount { .. } => "fields with commas in them stand in double quotes".to_owned(),
            Self::TooLarge { .. } | Self::RowsTooMany { .. } => "split it into several files".to_owned(),
            _ => return None,
        })
    }
}

impl From<CsvError> for Failure {
    fn from(error: CsvError) -> Self {
        let (says, hint) = (error.to_string(), error.hint());
        let failure = match error {
            CsvError::Read { source, .. } => Self::usage(says).because(source),
            _ => Self::usage(says),
        };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use flate2::{Compression, write::GzEncoder};
    use tempfile::TempDir;

    use super::{CsvError, Mapping, Sheet};

    #[test]
    fn a_small_archive_that_unpacks_to_more_than_the_limit_is_not_read_on() {
        let line = format!("{}\n", ".".repeat(5_000));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"party\n").unwrap();
        for _ in 0..2_000 {
            encoder.write_all(line.as_bytes()).unwrap();
        }
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("bomb.csv.gz");
        let bytes = encoder.finish().unwrap();
        assert!(bytes.len() < 200_000);
        fs::write(&path, bytes).unwrap();
        let rows = |bytes_max| {
            let mut sheet = Sheet::open_within(&path, Mapping::default(), bytes_max).unwrap();
            while sheet.next_row()?.is_some() {}
            Ok::<_, CsvError>(sheet.count())
        };
        assert_eq!(rows(20_000_000).unwrap(), 2_000);
        assert!(matches!(rows(1_000_000), Err(CsvError::TooLarge { .. })));
    }
}
