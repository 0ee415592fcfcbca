//! Holds the house: which room may import which, what the core never sees, sizes, and words.

mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::Source;

/// Who may import whom. A room is a file or folder of `src`; `main` and `cli` stand on everything below them.
const ROOMS: [(&str, &[&str]); 23] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "service",
            "sequencer",
            "audit",
            "store",
            "client",
            "agreement",
            "ledger",
            "statement",
            "checkpoint",
            "envelope",
            "merkle",
            "keys",
            "split",
            "digest",
            "time",
            "text",
            "causes",
            "parallel",
        ],
    ),
    (
        "service",
        &[
            "sequencer",
            "agreement",
            "ledger",
            "statement",
            "checkpoint",
            "envelope",
            "proto",
            "merkle",
            "keys",
            "split",
            "digest",
            "time",
            "text",
            "together",
            "causes",
        ],
    ),
    (
        "sequencer",
        &[
            "store",
            "ledger",
            "checkpoint",
            "merkle",
            "agreement",
            "statement",
            "envelope",
            "keys",
            "parallel",
            "digest",
            "time",
            "causes",
        ],
    ),
    (
        "audit",
        &[
            "ledger",
            "checkpoint",
            "merkle",
            "agreement",
            "statement",
            "split",
            "envelope",
            "keys",
            "parallel",
            "together",
            "digest",
            "time",
            "causes",
        ],
    ),
    ("store", &["ledger", "checkpoint", "merkle", "digest", "causes"]),
    ("client", &["ledger", "checkpoint", "merkle", "envelope", "statement", "keys", "proto", "digest", "time"]),
    ("agreement", &["statement", "split", "keys", "digest", "time"]),
    ("ledger", &["checkpoint", "envelope", "merkle", "keys", "digest", "time"]),
    ("statement", &["envelope", "keys", "split", "proto", "digest", "time", "text", "together"]),
    ("checkpoint", &["merkle", "keys", "digest"]),
    ("envelope", &["keys", "digest", "together"]),
    ("merkle", &["digest"]),
    ("keys", &["text", "together"]),
    ("parallel", &[]),
    ("together", &[]),
    ("split", &[]),
    ("proto", &[]),
    ("digest", &[]),
    ("time", &[]),
    ("text", &[]),
    ("causes", &[]),
    ("lib", &[]),
];

/// The rooms that may wait, read a clock or fail for outside reasons.
const SHELL: [&str; 7] = ["main", "cli", "service", "sequencer", "store", "client", "lib"];

/// The wings never see each other.
const LOG: [&str; 4] = ["merkle", "checkpoint", "ledger", "store"];
const LAW: [&str; 3] = ["split", "statement", "agreement"];

/// The files that may know generated types.
const KNOW_PROTO: [&str; 4] = ["src/statement/wire", "src/service/", "src/client/", "src/proto.rs"];

const FILE_LINES_MAX: usize = 500;

/// Words that are not ours, and where they are somebody else's.
const BANNED_WORDS: [&str; 14] = [
    "block",
    "blocks",
    "blockchain",
    "chain",
    "chains",
    "transaction",
    "transactions",
    "token",
    "tokens",
    "record",
    "records",
    "contract",
    "contracts",
    "smart-contract",
];
const ANOTHERS_WORDS: [&str; 4] = ["page token", "page_token", "page tokens", "certificate chain"];

/// Names that may have such a word, where, and why.
const ANOTHERS_NAMES: [(&str, &str, &str); 3] = [
    ("src/store/", "records", "what the law keeps beside a ledger, as databases call it"),
    ("src/service/", "token", "the page token of a listing, as the protocol calls it"),
    ("src/service/status.rs", "chain", "the causes of an error, as everybody calls them"),
];

/// Returns what is wrong with a source file, a line for each.
fn faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    if !source.text.starts_with("//!") {
        faults.push("does not begin with `//!`".into());
    }
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        faults.push(format!("has {lines} lines, at most {FILE_LINES_MAX} are allowed"));
    }
    if source.code.contains("::*") && !source.is_test() {
        faults.push("imports everything of a module".into());
    }
    for left in ["todo!", "unimplemented!", "dbg!"] {
        if source.code.contains(left) {
            faults.push(format!("names `{left}`"));
        }
    }
    if let Some(room) = source.room().filter(|_| !source.is_test()) {
        faults.extend(room_faults(source, room));
    }
    faults.extend(word_faults(&source.prose));
    faults
}

fn room_faults(source: &Source, room: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("stands in `{room}`, which the table of rooms does not know")];
    };
    if source.code.contains(".unwrap()") {
        faults.push("unwraps outside tests".into());
    }
    for named in source.rooms_named() {
        if named != room && ROOMS.iter().any(|(name, _)| *name == named) && !allowed.contains(&named.as_str()) {
            faults.push(format!("`{room}` may not import `{named}`"));
        }
    }
    if source.climbs_out() {
        faults.push("climbs out of its room by `super`".into());
    }
    let excused =
        |word: &str| ANOTHERS_NAMES.iter().any(|(path, name, _)| source.path.starts_with(path) && *name == word);
    let words = source.words_defined().into_iter();
    let banned = words.filter(|word| BANNED_WORDS.contains(&word.as_str()) && !excused(word));
    faults.extend(banned.map(|word| format!("defines a `{word}`, which is not our word")));
    if source.rooms_named().contains("proto") && !KNOW_PROTO.iter().any(|path| source.path.starts_with(path)) {
        faults.push("knows generated types".into());
    }
    if !SHELL.contains(&room) {
        let outside = ["tokio", "async", "SystemTime", "Instant", "rand", "getrandom", "f64", "f32"];
        faults.extend(
            outside.into_iter().filter(|name| source.names(name)).map(|name| format!("the core names `{name}`")),
        );
        let outside = ["fs", "net", "env", "process"];
        faults.extend(
            outside
                .into_iter()
                .filter(|name| source.names_std(name))
                .map(|name| format!("the core names `std::{name}`")),
        );
    }
    if source.names("f64") || source.names("f32") {
        let money = ["split", "agreement", "statement"];
        faults.extend(money.contains(&room).then(|| "a float near money".to_owned()));
    }
    faults
}

fn word_faults(prose: &str) -> Vec<String> {
    let mut prose = prose.to_lowercase();
    for word in ANOTHERS_WORDS {
        prose = prose.replace(word, "");
    }
    let words = prose.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
    let banned = words.filter(|word| BANNED_WORDS.contains(word));
    banned.map(|word| format!("says `{word}`, which is not our word")).collect()
}

fn crate_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ends: &str, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, ends, into);
        } else if path.to_string_lossy().ends_with(ends) {
            into.push(path);
        }
    }
}

fn read(path: &Path) -> (String, String) {
    let below = path.strip_prefix(crate_root()).unwrap().to_string_lossy().replace('\\', "/");
    (below, fs::read_to_string(path).unwrap())
}

#[test]
fn every_source_file_keeps_to_the_house() {
    let mut paths = Vec::new();
    for folder in ["src", "tests", "benches"] {
        files_below(&crate_root().join(folder), ".rs", &mut paths);
    }
    assert!(paths.iter().any(|path| path.ends_with("src/lib.rs")), "the sources were not found");
    let mut faults_found = Vec::new();
    for path in paths {
        let (path, text) = read(&path);
        // These two files name what they forbid.
        if !path.starts_with("tests/it/architecture/") {
            faults_found.extend(faults(&Source::new(&path, &text)).into_iter().map(|fault| format!("{path}: {fault}")));
        }
    }
    assert!(faults_found.is_empty(), "{}", faults_found.join("\n"));
}

#[test]
fn what_users_read_uses_our_words() {
    let mut paths = vec![crate_root().join("README.md"), crate_root().join("CHANGELOG.md")];
    files_below(&crate_root().join("proto"), ".proto", &mut paths);
    files_below(&crate_root().join("proto"), ".md", &mut paths);
    let mut faults_found = Vec::new();
    for path in paths.iter().filter(|path| path.exists()) {
        let (path, text) = read(path);
        faults_found.extend(word_faults(&text).into_iter().map(|fault| format!("{path}: {fault}")));
    }
    assert!(faults_found.is_empty(), "{}", faults_found.join("\n"));
}

#[test]
fn the_table_of_rooms_has_floors_and_wings() {
    let may = |room: &str| ROOMS.iter().find(|(name, _)| *name == room).unwrap().1;
    for (room, allowed) in ROOMS {
        for below in allowed {
            // Nobody below may import back: the rooms have floors.
            assert!(!may(below).contains(&room), "{room} and {below} import each other");
        }
    }
    for log in LOG {
        for law in LAW {
            assert!(!may(log).contains(&law) && !may(law).contains(&log), "{log} and {law} are in different wings");
        }
    }
    assert!(!may("audit").contains(&"store") && !may("audit").contains(&"sequencer"));
    assert!(!may("cli").contains(&"proto"));
}

#[test]
fn each_rule_goes_red_when_it_is_broken() {
    let cases = [
        ("src/merkle/tree.rs", "//! x\nuse crate::statement::Signed;", "may not import `statement`"),
        (
            "src/merkle/tree.rs",
            "//! x\nuse crate::{digest::Digest, agreement::{Agreement, settle::Books}};",
            "`agreement`",
        ),
        ("src/agreement/mod.rs", "//! x\nfn f() { let _ = crate::ledger::LedgerId::new; }", "may not import `ledger`"),
        ("src/audit/mod.rs", "//! x\nuse crate::sequencer::Sequencer;", "may not import `sequencer`"),
        ("src/cli/settle.rs", "//! x\nuse crate::proto::counterfoil::v1::Settlement;", "generated types"),
        ("src/statement/id.rs", "//! x\nuse crate::proto::counterfoil::v1::Settlement;", "generated types"),
        ("src/audit/mod.rs", "//! x\nuse std::{fs, io};", "the core names `std::fs`"),
        ("src/audit/mod.rs", "//! x\nuse std::net::TcpStream;", "the core names `std::net`"),
        ("src/ledger/mod.rs", "//! x\npub async fn f() {}", "the core names `async`"),
        ("src/time.rs", "//! x\nfn f() { std::time::SystemTime::now(); }", "the core names `SystemTime`"),
        ("src/split/mod.rs", "//! x\nfn f(x: f64) {}", "a float near money"),
        ("src/cli/mod.rs", "//! x\nuse crate::client::*;", "imports everything"),
        ("src/cli/mod.rs", "//! x\nfn f() { Some(1).unwrap(); }", "unwraps outside tests"),
        ("src/cli/mod.rs", "//! x\nfn f() { todo!() }", "names `todo!`"),
        ("src/cli/mod.rs", "use std::fmt;", "does not begin"),
        ("src/attic/mod.rs", "//! x", "does not know"),
        ("src/cli/mod.rs", "//! Puts a transaction into a block.", "says `transaction`"),
        ("src/store/mod.rs", "//! x\npub struct LeafBlock<T>(T);", "defines a `block`"),
        ("src/store/mod.rs", "//! x\npub async fn commit_transaction() {}", "defines a `transaction`"),
        ("src/ledger/mod.rs", "//! x\nfn next_token() {}", "defines a `token`"),
        ("src/merkle/mod.rs", "//! x\nuse super::statement::Signed;", "climbs out"),
        ("src/time.rs", "//! x\nuse super::statement::Signed;", "climbs out"),
        ("src/merkle/tree.rs", "//! x\nfn f() { super::super::statement::f() }", "climbs out"),
    ];
    for (path, text, fault) in cases {
        let found = faults(&Source::new(path, text));
        assert!(found.iter().any(|found| found.contains(fault)), "{path} `{text}`: {found:?} lacks `{fault}`");
    }
    let long = format!("//! x\n{}", "\n".repeat(FILE_LINES_MAX));
    assert_eq!(faults(&Source::new("src/cli/mod.rs", &long)).len(), 1);
}

#[test]
fn what_is_allowed_stays_green() {
    let cases = [
        ("src/merkle/tree.rs", "//! See crate::statement.\nuse crate::digest::Digest; // as in crate::agreement"),
        (
            "src/merkle/tree.rs",
            "//! x\n#[cfg(test)]\nmod tests { use crate::statement::Signed; fn f() { Some(1).unwrap(); } }",
        ),
        (
            "src/cli/mod.rs",
            "//! x\nconst A: &str = \"a page token of 1.5 f64\"; const B: char = '\"'; fn f<'a>(x: &'a str) {}",
        ),
        ("src/store/sled/mod.rs", "//! x\nuse std::{fs, thread};\nuse crate::ledger::LedgerId;"),
        ("src/sequencer/mod.rs", "//! x\nasync fn f() { a.iter().chain(b); }"),
        ("src/merkle/tree.rs", "//! x\nuse super::hash::node;\nfn blockade() { a.chain(b).records(); }"),
        ("src/service/page.rs", "//! x\nfn next_token() {}"),
        ("src/merkle/proof/tests.rs", "//! x\nuse super::*;\nfn f() { Some(1).unwrap(); }"),
    ];
    for (path, text) in cases {
        assert_eq!(faults(&Source::new(path, text)), Vec::<String>::new(), "{path} `{text}`");
    }
}
