//! Files of rows: contributions, benefits, judgements; plain and compressed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use counterfoil::cli::{
    csv_file::MappingArgs,
    csv_rows::{BENEFIT_FIELDS, CONTRIBUTION_FIELDS, names, read_benefits, read_contributions, read_judgements},
    terms_toml::{EXAMPLE, Purpose, read},
    toml_file::TomlFile,
};

use super::feed::Feed;

/// A path of one's own, which is gone afterwards.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Takes a path that nobody else has, ending in `name`.
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("counterfoil-{}-{number}-{name}", process::id())))
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = fs::remove_file(&self.0);
    }
}

/// A file of rows, read as each kind; the first byte says with which flags.
pub fn csv(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let flags = feed.byte();
    let scratch = Scratch::new("rows.csv");
    fs::write(scratch.path(), feed.rest()).unwrap();
    let terms = read(&TomlFile::new(Path::new("/nowhere/a.toml"), EXAMPLE.to_owned()), Purpose::Try).unwrap();
    let mut mapping = MappingArgs::default();
    if flags & 1 == 1 {
        mapping.columns.push("time=landed".to_owned());
    }
    if flags & 2 == 2 {
        mapping.fixed.push("quantity=1".to_owned());
    }
    let mapping_of = |fields: &[(&'static str, &'static str)]| mapping.mapping(&names(fields));
    if let Ok(mapping) = mapping_of(&CONTRIBUTION_FIELDS) {
        match read_contributions(scratch.path(), &mapping, &terms) {
            Ok(read) => {
                let _ = (read.left_out.to_json(), read.left_out.to_string(), read.left_out.rows());
                for row in &read.rows {
                    assert!(row.party < terms.parties.len() && row.unit < terms.units.len());
                }
            }
            Err(error) => drop((error.to_string(), error.hint())),
        }
        if let Err(error) = read_judgements(scratch.path(), &mapping) {
            let _ = (error.to_string(), error.hint());
        }
    }
    if let Ok(mapping) = mapping_of(&BENEFIT_FIELDS) {
        match read_benefits(scratch.path(), &mapping, &terms) {
            Ok(read) => read.rows.iter().for_each(|row| {
                assert!(row.stream < terms.streams.len() && row.currency < terms.currencies.len());
            }),
            Err(error) => drop((error.to_string(), error.hint())),
        }
    }
}
