//! The documents say what the code says: the tables of reason codes in `proto/README.md`.

use std::{collections::BTreeSet, env, fs, path::Path};

use counterfoil::{agreement::refusal::reasons, statement::wire::OpenError};

/// Set to write the tables anew from the code.
const REWRITE: &str = "COUNTERFOIL_REWRITE_DOCS";

/// The tables, each with the words that stand above and below it.
fn tables() -> [(&'static str, String); 2] {
    let mut of_statements = "| reason | what helps |\n| --- | --- |\n".to_owned();
    for (code, remedy) in OpenError::REASONS {
        of_statements += &format!("| `{code}` | {remedy} |\n");
    }
    let mut of_the_law = "| reason | when | what helps |\n| --- | --- | --- |\n".to_owned();
    for reason in reasons::REASONS {
        of_the_law += &format!("| `{}` | {} | {} |\n", reason.code, reason.when, reason.remedy);
    }
    [("statements", of_statements), ("law", of_the_law)]
}

#[test]
fn the_tables_of_reasons_are_those_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/README.md");
    let mut text = fs::read_to_string(&path).unwrap();
    for (name, table) in tables() {
        let (begin, end) = (format!("<!-- reasons: {name} -->\n"), format!("<!-- end of reasons: {name} -->"));
        let from = text.find(&begin).unwrap_or_else(|| panic!("{begin}")) + begin.len();
        let to = text.find(&end).unwrap_or_else(|| panic!("{end}"));
        if env::var_os(REWRITE).is_some() {
            text.replace_range(from..to, &table);
        } else {
            assert_eq!(&text[from..to], table, "reasons: {name}");
        }
    }
    if env::var_os(REWRITE).is_some() {
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn a_reason_means_one_thing() {
    let of_statements = OpenError::REASONS.map(|(code, _)| code);
    let of_the_law = reasons::REASONS.map(|reason| reason.code);
    let mut seen = BTreeSet::new();
    for code in of_statements.into_iter().chain(of_the_law) {
        assert!(seen.insert(code), "{code} is listed twice");
        assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
    }
}
