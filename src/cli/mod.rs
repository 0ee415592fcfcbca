//! The command line: one file per verb.

pub mod key_file;
