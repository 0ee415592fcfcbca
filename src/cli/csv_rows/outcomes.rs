//! Rows of files that say what should become of disputed entries.

use std::path::Path;

use crate::{
    cli::{
        csv_file::{CsvError, Mapping, Sheet},
        csv_rows::{NO_DIGEST, artifact_digest, given},
    },
    statement::ArtifactDigest,
};

/// A row of a file of outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRow {
    /// The line it begins in, from 1.
    pub line: u64,
    /// Which entry is meant.
    pub which: Which,
    /// What should become of it, as it is written; none: what is given for all.
    pub remedy: Option<String>,
}

/// Which entry a row means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that this text names: its number or id.
    Entry(String),
    /// Every contribution that names this artifact.
    Artifact(ArtifactDigest),
}

/// Reads a file of outcomes. A file of contributions is one, too: its artifacts are read.
///
/// Errors: [`CsvError`], for the first row that cannot be read.
pub fn read_outcomes(path: &Path, mapping: &Mapping) -> Result<Vec<OutcomeRow>, CsvError> {
    let mut sheet = Sheet::open(path, mapping.clone())?;
    let entry = sheet.field("entry")?;
    let artifact = if entry.is_some() { sheet.field("artifact")? } else { Some(sheet.need("artifact")?) };
    let remedy = sheet.field("remedy")?;
    let mut found = Vec::new();
    while let Some(row) = sheet.next_row()? {
        let which = match (given(&row, entry.as_ref()), given(&row, artifact.as_ref())) {
            (Some((_, text)), _) => Which::Entry(text.to_owned()),
            (None, Some((field, text))) => {
                Which::Artifact(artifact_digest(text).ok_or_else(|| sheet.wrong(&row, field, NO_DIGEST))?)
            }
            // Nothing is meant by a row that names nothing.
            (None, None) => continue,
        };
        let remedy = given(&row, remedy.as_ref()).map(|(_, text)| text.to_owned());
        found.push(OutcomeRow { line: row.line, which, remedy });
    }
    Ok(found)
}
