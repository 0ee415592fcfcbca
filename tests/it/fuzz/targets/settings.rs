//! The file of settings.

use std::fs;

use counterfoil::cli::config::{Settings, Word};

use super::csv::Scratch;

/// A file of settings, whatever is in it.
pub fn settings(bytes: &[u8]) {
    let scratch = Scratch::new("counterfoil.toml");
    fs::write(scratch.path(), bytes).unwrap();
    match Settings::read(Some(scratch.path())) {
        Ok(settings) => {
            let _ = (settings.text(Word::Server), settings.path(Word::Key), settings.home().is_ok());
            assert!(settings.needed(Word::Server).is_ok() == settings.get(Word::Server).is_some());
        }
        Err(failure) => assert!(!failure.says.is_empty()),
    }
}
