//! Published test vectors, read from beside the project.

mod checkpoint;
mod dsse;
mod ed25519;
mod frozen;
mod merkle;
mod note;
mod split;
mod tiles;

/// What lies beside the project, or is announced there, and is read by no test: with the reason.
#[test]
fn what_is_not_read_is_said() {
    for (path, reason) in [
        ("vectors/generated/cose_receipts.json", "COSE receipts are a later option"),
        (
            "vectors/generated/tlog-300",
            "its rules are read from the other folders; proofs and policy by tests of our own",
        ),
        ("vectors/rfc6962-merkle/testdata/subtreeinclusion", "nothing proves subtrees yet"),
        ("vectors/rfc6962-merkle/testdata/subtreeconsistency", "nothing proves subtrees yet"),
        ("vectors/note-sumdb/tile_path_vectors.json", "nothing writes tiles yet"),
    ] {
        let there = crate::common::shared("vectors").map(|vectors| vectors.parent().unwrap().join(path).exists());
        let there = if there == Some(true) { "there" } else { "absent" };
        eprintln!("skipped: ../shared/{path} ({there}): {reason}");
    }
}
