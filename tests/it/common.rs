//! What more than one area of tests needs.

use std::path::{Path, PathBuf};

/// Returns the file or folder `path` of the material beside the project; none, and says so, where there is none.
///
/// # Panics
///
/// If the material is there but `path` is not in it: a test must not pass because a file was moved.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !root.is_dir() {
        eprintln!("skipped: ../shared is absent");
        return None;
    }
    let found = root.join(path);
    assert!(found.exists(), "../shared is there, but {path} is not in it");
    Some(found)
}
