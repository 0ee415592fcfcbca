//! Refusals that the log signed: kept with what they refuse, judged offline, and turned against a server that refuses wrongly.

use std::{fs, path::PathBuf};

use counterfoil::{
    checkpoint::note::NoteSigner,
    cli::key_file,
    ledger::refusal::{Refusal, SignedRefusal},
};

use super::{machine::day, parties};

/// The only file in a folder that ends so.
fn only(folder: &PathBuf, ends: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let found: Vec<_> = files.filter(|path| path.to_str().unwrap().ends_with(ends)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn a_refusal_is_kept_and_anybody_can_judge_it() {
    let parties = parties();
    let (world, agreement) = (&parties.world, parties.agreement.as_str());
    world.good("community", &["contribute", "1", "commit", "--worked", &day(20), "--yes"]);
    // Signed when it was in order, and sent when it no longer is.
    world.good("enterprise", &["show"]);
    world.good("enterprise", &["attest", "2", "--offline", "late.json", "--yes"]);
    world.good("enterprise", &["attest", "2", "--yes"]);
    let said = world.bad(12, "enterprise", &["submit", "late.json"]);
    assert!(said.contains("signed its refusal") && said.contains("counterfoil verify"), "{said}");
    let refused = world.path("enterprise/home/agreements").join(agreement).join("refused");
    let (refusal, statement) = (only(&refused, ".refusal"), only(&refused, ".json"));
    let (refusal, statement) = (refusal.to_str().unwrap(), statement.to_str().unwrap());
    world.good("enterprise", &["export", agreement, "--out", "now.counterfoil"]);

    let judged = ["verify", refusal, "--statement", statement, "--bundle", "now.counterfoil"];
    assert!(world.good("enterprise", &judged).starts_with("right:"));
    let told = world.json("enterprise", &judged);
    assert_eq!((told["verdict"].as_str(), told["tree_size"].as_u64()), (Some("right"), Some(4)));
    assert_eq!(told["law"], told["reason"]);
    // Without the statement there is little to say, and without the ledger nothing.
    let told = world.json("enterprise", &["verify", refusal, "--bundle", "now.counterfoil"]);
    assert_eq!(told["verdict"], "not judged");
    assert!(world.bad(2, "enterprise", &["verify", refusal, "--statement", statement]).contains("--bundle"));
    // Changed, it is nobody's.
    let text = fs::read_to_string(refusal).unwrap();
    let changed = world.write("changed.refusal", &text.replacen("\n4\n", "\n3\n", 1));
    let changed = ["verify", changed.to_str().unwrap(), "--statement", statement, "--bundle", "now.counterfoil"];
    world.bad(10, "enterprise", &changed);
    // Who does not know the log is told so, and may say its key.
    assert!(world.bad(10, "judge", &judged).contains("--log-key"));

    // A server that refuses what the law admits: its own key convicts it.
    let key = key_file::load(&world.path("log.key"), || unreachable!("it has no passphrase")).unwrap();
    let origin = SignedRefusal::stated_origin(&text).unwrap();
    let signer = NoteSigner::new(origin, key).unwrap();
    let honest = SignedRefusal::open(&text, &signer.verifier()).unwrap();
    let lie = Refusal { reason: "SIGNER_NOT_PARTY".into(), ..honest.refusal().clone() };
    let lie = world.write("lie.refusal", SignedRefusal::sign(lie, &signer).note());
    let judged = ["verify", lie.to_str().unwrap(), "--statement", statement, "--bundle", "now.counterfoil"];
    let run = world.run("enterprise", &judged);
    assert_eq!((run.code, run.out.starts_with("wrong:")), (11, true), "{}{}", run.out, run.err);
    let run = world.run("enterprise", &[&judged[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (run.code, told["verdict"].as_str(), told["reason"].as_str()),
        (11, Some("wrong"), Some("SIGNER_NOT_PARTY"))
    );
    assert_eq!(told["law"], honest.refusal().reason.as_str());
}
