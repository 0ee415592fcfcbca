//! The targets of `tests/it/fuzz/targets` for libFuzzer, and what they share with the tests, read where it stands.
#![expect(unused, reason = "the tests among it are not built here")]

#[path = "../../tests/it/arbitrary/mod.rs"]
mod arbitrary;
#[path = "../../tests/it/common.rs"]
mod common;
#[path = "../../tests/it/keeper.rs"]
mod keeper;
#[path = "../../tests/it/law/mod.rs"]
mod law;
#[path = "../../tests/it/parties.rs"]
mod parties;
#[path = "../../tests/it/serving.rs"]
mod serving;
mod stories;
#[path = "../../tests/it/fuzz/targets/mod.rs"]
mod targets;

/// Runs the target of a name.
///
/// # Panics
///
/// If there is none, and whenever something does not hold that must.
pub fn run(name: &str, bytes: &[u8]) {
    let target = targets::TARGETS.iter().find(|(target, _)| *target == name);
    let (_, run) = target.expect("every fuzzer is named as its target");
    run(bytes);
}
