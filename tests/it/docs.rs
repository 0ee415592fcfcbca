//! The documents say what the code says: the tables of reason codes in `proto/README.md`.

use std::{collections::BTreeSet, env, fs, path::Path};

use counterfoil::{
    agreement::refusal::reasons,
    service::status::{self, code},
    statement::wire::OpenError,
};

/// Set to write the tables anew from the code.
const REWRITE: &str = "COUNTERFOIL_REWRITE_DOCS";

/// The tables, each with the word that stands above and below it.
fn tables() -> [(&'static str, String); 3] {
    let of_pairs = |pairs: &[(&str, &str)]| {
        let rows = pairs.iter().map(|(reason, remedy)| format!("| `{reason}` | {} | {remedy} |\n", grpc(reason)));
        ["| reason | gRPC | what helps |\n| --- | --- | --- |\n".to_owned()].into_iter().chain(rows).collect()
    };
    let mut of_the_law = "| reason | gRPC | when | what helps |\n| --- | --- | --- | --- |\n".to_owned();
    for reason in reasons::all() {
        of_the_law += &format!("| `{}` | {} | {} | {} |\n", reason.code, grpc(reason.code), reason.when, reason.remedy);
    }
    [("statements", of_pairs(&OpenError::REASONS)), ("law", of_the_law), ("service", of_pairs(&status::REASONS))]
}

/// The status code of a reason as gRPC writes it: `INVALID_ARGUMENT`.
fn grpc(reason: &str) -> String {
    let name = format!("{:?}", code(reason));
    let words = name.char_indices().map(|(at, letter)| match letter {
        'A'..='Z' if at > 0 => format!("_{letter}"),
        _ => letter.to_ascii_uppercase().to_string(),
    });
    words.collect()
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
            let mut lines = text[from..to].lines().zip(table.lines());
            let changed = lines.find(|(written, of_code)| written != of_code);
            assert_eq!(changed, None, "reasons: {name}; {REWRITE}=1 writes them anew");
            assert_eq!(text[from..to].len(), table.len(), "reasons: {name}; {REWRITE}=1 writes them anew");
        }
    }
    if env::var_os(REWRITE).is_some() {
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn a_reason_means_one_thing() {
    let of_statements = OpenError::REASONS.iter().map(|(reason, _)| *reason);
    let of_the_law = reasons::all().map(|reason| reason.code);
    let of_the_service = status::REASONS.iter().map(|(reason, _)| *reason);
    let mut seen = BTreeSet::new();
    for reason in of_statements.chain(of_the_law).chain(of_the_service) {
        assert!(seen.insert(reason), "{reason} is listed twice");
        assert!(reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{reason}");
    }
}
