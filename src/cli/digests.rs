//! Digests as people give them: in hex, or as the file they are of.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
    str::FromStr,
};

use sha2::{Digest as _, Sha256};

use crate::{
    cli::{
        config::nearest,
        error::Failure,
        words::{ARTIFACT_KINDS, artifact_kind},
    },
    digest::Digest,
    split::Ratio,
    statement::{Artifact, ArtifactDigest, ArtifactKind},
};

/// Returns the SHA-256 that `text` gives: `sha256:HEX`, 64 characters of hex, or a file, which is hashed.
pub fn sha256(text: &str) -> Result<Digest, Failure> {
    let stated = text.strip_prefix("sha256:").unwrap_or(text);
    if let Some(bytes) = hex_bytes::<32>(stated) {
        return Ok(Digest::from_bytes(bytes));
    }
    if text.starts_with("sha256:") {
        return Err(Failure::usage(format!("`{text}` is no SHA-256")).hint("it has 64 characters 0-9 a-f"));
    }
    of_file(Path::new(text))
}

fn of_file(path: &Path) -> Result<Digest, Failure> {
    let failed = |cause: std::io::Error| {
        Failure::usage(format!("{} cannot be hashed", path.display()))
            .because(cause)
            .hint("give a file, or its digest as sha256:HEX")
    };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut hasher = Sha256::new();
    let mut part = vec![0; PART_BYTES];
    loop {
        let read = file.read(&mut part).map_err(failed)?;
        if read == 0 {
            return Ok(Digest::from_bytes(hasher.finalize().into()));
        }
        hasher.update(&part[..read]);
    }
}

const PART_BYTES: usize = 64 * 1024;

fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Returns the artifact that `text` gives: `KIND:DIGEST_OR_FILE`, then any of `,fraction=1/2`, `,uri=...`, `,type=...`.
pub fn artifact(text: &str) -> Result<Artifact, Failure> {
    let wrong = |says: String| Failure::usage(format!("`{text}` is no artifact: {says}")).hint(ARTIFACT_HINT);
    let (kind, rest) = text.split_once(':').ok_or_else(|| wrong("it has no kind".into()))?;
    let kind = artifact_of_kind(kind)?;
    let mut parts = rest.split(',');
    let what = parts.next().unwrap_or_default();
    let digest = match hex_bytes::<20>(what) {
        Some(bytes) if kind == ArtifactKind::GitCommit => ArtifactDigest::GitSha1(bytes),
        Some(_) => return Err(wrong(format!("a {} has a SHA-256, of 64 characters", artifact_kind(kind)))),
        None => ArtifactDigest::Sha256(sha256(what)?),
    };
    let mut artifact = Artifact { kind, digest, media_type: String::new(), uri: String::new(), fraction: Ratio::ONE };
    for part in parts {
        match part.split_once('=') {
            Some(("fraction", value)) => {
                artifact.fraction = Ratio::from_str(value).map_err(|cause| wrong(cause.to_string()))?;
            }
            Some(("uri", value)) => value.clone_into(&mut artifact.uri),
            Some(("type", value)) => value.clone_into(&mut artifact.media_type),
            _ => return Err(wrong(format!("`{part}` is not fraction=, uri= or type="))),
        }
    }
    Ok(artifact)
}

const ARTIFACT_HINT: &str = "write KIND:DIGEST or KIND:FILE, as in git-commit:3f786850e387550fdab836ed7e6dc881de23001b or \
                             dataset:train.tar,fraction=1/2,uri=https://example.org/train.tar";

/// Returns the kind of artifact with a name: `git-commit`.
pub fn artifact_of_kind(name: &str) -> Result<ArtifactKind, Failure> {
    let found = ARTIFACT_KINDS.iter().find(|(_, known)| *known == name);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        Failure::usage(format!("`{name}` is no kind of artifact"))
            .hint(nearest(name, ARTIFACT_KINDS.iter().map(|(_, known)| *known)))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{artifact, sha256};
    use crate::{digest::Digest, statement::ArtifactDigest};

    #[test]
    fn a_file_and_its_digest_mean_the_same() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("invoice.pdf");
        fs::write(&path, vec![7; 100_000]).unwrap();
        let digest = Digest::of(&[&[7; 100_000]]);
        for text in [path.display().to_string(), digest.to_string(), format!("sha256:{digest}")] {
            assert_eq!(sha256(&text).unwrap(), digest);
        }
        assert!(sha256("sha256:12").unwrap_err().says.contains("is no SHA-256"));
        assert!(sha256("no-such-file").unwrap_err().says.contains("cannot be hashed"));
    }

    #[test]
    fn artifacts_are_read_with_their_parts() {
        let commit = "3f786850e387550fdab836ed7e6dc881de23001b";
        let read = artifact(&format!("git-commit:{commit},fraction=50%,uri=https://example.org/c,type=text/x-diff"));
        let read = read.unwrap();
        assert!(matches!(read.digest, ArtifactDigest::GitSha1(_)));
        assert_eq!((read.fraction.to_string().as_str(), read.uri.as_str()), ("1/2", "https://example.org/c"));
        assert_eq!(read.media_type, "text/x-diff");
        assert_eq!(artifact("gitcommit:00").unwrap_err().hint.unwrap(), "did you mean `git-commit`?");
        assert!(artifact(&format!("dataset:{commit}")).unwrap_err().says.contains("of 64 characters"));
        assert!(artifact("release").unwrap_err().says.contains("it has no kind"));
    }
}
