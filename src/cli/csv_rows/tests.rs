//! Rows of contributions, benefits and judgements: what is read, and what is said about what cannot be.

use std::{fs, io::Write, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::{
    BENEFIT_FIELDS, CONTRIBUTION_FIELDS, Contributions, JUDGEMENT_FIELDS, Judged, names, read_benefits,
    read_contributions, read_judgements,
};
use crate::{
    cli::{
        csv_file::{CsvError, Mapping, MappingArgs},
        terms_toml::{EXAMPLE, Purpose, read},
        toml_file::TomlFile,
    },
    statement::{ArtifactKind, Verdict, terms::Terms},
};

fn terms() -> Terms {
    let file = TomlFile::new("two-parties.toml".as_ref(), EXAMPLE.to_owned());
    read(&file, Purpose::Try).unwrap()
}

fn mapping(columns: &[&str], fixed: &[&str]) -> Mapping {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let args = MappingArgs { columns: owned(columns), fixed: owned(fixed) };
    args.mapping(&names(&CONTRIBUTION_FIELDS)).unwrap()
}

/// Columns of a git history.
fn history() -> Mapping {
    mapping(&["artifact=id", "time=landed"], &["unit=commit", "quantity=1"])
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history.csv");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn contributions(text: &str, mapping: &Mapping) -> Result<Contributions, CsvError> {
    let (_folder, path) = file(text.as_bytes());
    read_contributions(&path, mapping, &terms())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const COMMIT: &str = "72a358d1a585f32f186f7b585e9b9ce31827364b";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_git_history_is_read_through_a_mapping_and_others_are_counted() {
    let text = format!(
        "id,landed,party,author\n{COMMIT},2018-07-02T20:27:52Z,community,a\n{SHA256},2018-07-03,enterprise,b\n\
         x,y,unknown,c\nx,y,unknown,c\nx,y,IBM,c\n,2018-07-03,community,d\n"
    );
    let found = contributions(&text, &history().or_else("artifact_kind", "git-commit")).unwrap();
    assert_eq!(found.left_out.to_string(), "3 rows of other parties left out (unknown 2, IBM 1)");
    assert_eq!(found.left_out.columns, ["author"]);
    let [first, second, third] = found.rows.as_slice() else { panic!("{found:?}") };
    assert_eq!((first.line, first.party, first.unit), (2, 0, 0));
    assert_eq!(first.contribution.artifacts[0].digest.to_string(), COMMIT);
    assert_eq!(first.contribution.artifacts[0].kind, ArtifactKind::GitCommit);
    assert_eq!(first.contribution.work_start, first.contribution.work_end);
    assert_eq!(first.contribution.work_end.to_string(), "2018-07-02T20:27:52Z");
    assert_eq!((second.line, second.party), (3, 1));
    assert_eq!(second.contribution.artifacts[0].digest.to_string(), SHA256);
    assert!(third.contribution.artifacts.is_empty());
}

#[test]
fn the_fields_stand_in_columns_of_their_own_names() {
    let text = format!(
        "party,unit,quantity,work_start,work_end,artifact,artifact_kind,artifact_fraction,artifact_uri,note,quality\n\
         enterprise,review-hour,3/2,2026-01-01,2026-01-03,{SHA256},documentation,50%,https://a.example,\"one, two\",1/2\n"
    );
    let found = contributions(&text, &Mapping::default()).unwrap();
    let row = &found.rows[0];
    assert_eq!(row.contribution.quantity.to_string(), "3/2");
    assert_eq!(row.contribution.note, "one, two");
    assert_eq!(row.contribution.artifacts[0].fraction.to_string(), "1/2");
    assert_eq!(row.contribution.artifacts[0].uri, "https://a.example");
    assert_eq!(row.contribution.work_start.to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(row.quality.to_string(), "1/2");
}

#[test]
fn a_gzip_file_is_known_by_its_bytes_and_a_mark_at_the_begin_is_no_name() {
    let text = format!("\u{feff}id,landed,party\n{COMMIT},2018-07-02,community\n");
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let (_folder, path) = file(&bytes);
        assert_eq!(read_contributions(&path, &history(), &terms()).unwrap().rows.len(), 1);
    }
    // Two archives one after the other are one file, as gzip has it.
    let (head, tail) = text.split_at(20);
    let (_folder, path) = file(&[gzip(head.as_bytes()), gzip(tail.as_bytes())].concat());
    assert_eq!(read_contributions(&path, &history(), &terms()).unwrap().rows.len(), 1);
}

#[test]
fn every_mistake_names_file_and_line() {
    let head = "id,landed,party,unit,quantity";
    let own = || mapping(&["artifact=id", "time=landed"], &[]);
    for (rows, says) in [
        (
            format!("{COMMIT},2018-07-02,community,comit,1"),
            "history.csv:2: unit: `comit` is no unit of this agreement; `commit`?",
        ),
        (format!("{COMMIT},2018-07-02,community,commit,1.5.1"), "history.csv:2: quantity: `1.5.1` is not a fraction"),
        (format!("{COMMIT},2018-07-02,community,commit,0"), "history.csv:2: quantity: is zero"),
        (format!("{COMMIT},yesterday,community,commit,1"), "history.csv:2: time: `yesterday` is not a date"),
        ("abc,2018-07-02,community,commit,1".to_owned(), "history.csv:2: artifact: is not a digest"),
        (format!("{SHA256},2018-07-02,community,commit,1"), "history.csv:2: artifact: what the artifact is"),
        (
            format!("{COMMIT},2018-07-02,community,commit,1\n1,2"),
            "history.csv:3: the row has 2 fields, the first line 5",
        ),
        (format!("\"a\n\nb\",2018-07-02,IBM,commit,1\n{COMMIT},x,community,commit,1"), "history.csv:5: time:"),
    ] {
        let error = contributions(&format!("{head}\n{rows}\n"), &own()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}\nis not\n{says}");
    }
    let invalid = [head.as_bytes(), b"\n\xff,2018-07-02,community,commit,1\n"].concat();
    let (_folder, path) = file(&invalid);
    let error = read_contributions(&path, &own(), &terms()).unwrap_err();
    assert!(matches!(error, CsvError::NotUtf8 { line: 2, .. }), "{error}");
}

#[test]
fn columns_that_are_not_there_are_told_with_those_that_are() {
    let error = contributions("id,party\n", &history()).unwrap_err();
    assert!(error.to_string().ends_with("history.csv:1: there is no column `landed`"), "{error}");
    assert!(
        error
            .hint()
            .unwrap()
            .ends_with("--column time=COLUMN, or give it with --set time=VALUE; columns are: id, party")
    );
    let error = contributions("party,unit,time\n", &Mapping::default()).unwrap_err();
    assert!(error.to_string().ends_with("there is no column `quantity`"), "{error}");
    assert!(matches!(contributions("", &history()), Err(CsvError::Empty { .. })));
    assert!(matches!(contributions("id,party,id\n", &history()), Err(CsvError::ColumnTwice { .. })));
}

#[test]
fn flags_name_known_fields_once() {
    let said = |columns: &[&str], fixed: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let failure =
            MappingArgs { columns: owned(columns), fixed: owned(fixed) }.mapping(&names(&CONTRIBUTION_FIELDS));
        let failure = failure.unwrap_err();
        format!("{}; {}", failure.says, failure.hint.unwrap_or_default())
    };
    assert_eq!(said(&["tme=landed"], &[]), "`--column tme=landed`: there is no field `tme`; did you mean `time`?");
    assert!(said(&["landed"], &[]).starts_with("`--column landed` has no `=`"));
    assert!(said(&["unit=kind"], &["unit=commit"]).contains("is given twice"));
}

#[test]
fn one_quote_that_is_never_closed_does_not_swallow_the_file() {
    let open = format!("id,landed,party\n\"{}", "x,\n".repeat(100_000));
    assert!(matches!(contributions(&open, &history()), Err(CsvError::RowTooLarge { line: 2, .. })));
}

#[test]
fn benefits_are_read_to_the_minor_unit() {
    let args = MappingArgs { columns: vec!["time=date".to_owned()], fixed: Vec::new() };
    let mapping = args.mapping(&names(&BENEFIT_FIELDS)).unwrap();
    let read = |text: &str| {
        let (_folder, path) = file(text.as_bytes());
        read_benefits(&path, &mapping, &terms())
    };
    let found =
        read("stream,currency,amount,date\nsupport-sales,EUR,100.5,2026-01-31\nsponsoring,,7EUR,2026-02-01\n").unwrap();
    let found: Vec<_> = found.rows.iter().map(|row| (row.stream, row.currency, row.amount)).collect();
    assert_eq!(found, [(1, 0, 10_050), (0, 0, 700)]);
    for (row, says) in [
        ("sales,EUR,1,2026-01-31", "history.csv:2: stream: `sales` is no stream of this agreement"),
        ("sponsoring,USD,1,2026-01-31", "history.csv:2: amount: `USD` is no currency of this agreement, which has EUR"),
        ("sponsoring,EUR,1.001,2026-01-31", "is finer than EUR"),
        ("sponsoring,EUR,-1,2026-01-31", "history.csv:2: amount:"),
    ] {
        let error = read(&format!("stream,currency,amount,date\n{row}\n")).unwrap_err().to_string();
        assert!(error.contains(says), "{error}\nis not\n{says}");
    }
}

#[test]
fn a_file_of_contributions_is_one_of_judgements_too() {
    let text = format!("id,landed,party\n{COMMIT},2018-07-02,community\n,2018-07-02,community\n");
    let (_folder, path) = file(text.as_bytes());
    let found = read_judgements(&path, &history()).unwrap();
    assert_eq!(found.len(), 1);
    assert!(matches!(found[0].judged, Judged::Artifact(digest) if digest.to_string() == COMMIT));
    assert!(matches!(found[0].verdict, Verdict::Accepted { quality, .. } if quality.to_string() == "1"));
    let (_folder, path) = file(format!("artifact,verdict,reason\n{SHA256},rejected,not ours\n").as_bytes());
    let found = read_judgements(&path, &Mapping::default()).unwrap();
    assert_eq!((found[0].verdict, found[0].reason.as_str()), (Verdict::Rejected, "not ours"));
    let (_folder, path) = file(format!("artifact,verdict\n{SHA256},yes\n").as_bytes());
    let error = read_judgements(&path, &Mapping::default()).unwrap_err().to_string();
    assert!(error.contains("history.csv:2: verdict: `yes` is none of accepted"), "{error}");
}

#[test]
fn rows_name_their_task_and_judgements_say_whether_unplanned_work_counts() {
    let header = "party,unit,quantity,time,task\n";
    let found = contributions(&format!("{header}community,commit,1,2026-03-01,parser\n"), &mapping(&[], &[])).unwrap();
    assert_eq!(found.rows[0].contribution.task.as_ref().unwrap().as_str(), "parser");
    let found = contributions(&format!("{header}community,commit,1,2026-03-01,\n"), &mapping(&[], &[])).unwrap();
    assert_eq!(found.rows[0].contribution.task, None);
    let judgements = |says: &str| {
        let (_folder, path) = file(format!("artifact,accepts_unplanned\n{SHA256},{says}\n").as_bytes());
        let mapping = MappingArgs { columns: Vec::new(), fixed: Vec::new() };
        let read = read_judgements(&path, &mapping.mapping(&names(&JUDGEMENT_FIELDS)).unwrap());
        read.map(|rows| rows[0].verdict).map_err(|error| error.to_string())
    };
    let accepted = |unplanned| Ok(Verdict::Accepted { quality: crate::split::Ratio::ONE, unplanned });
    assert_eq!(
        (judgements("yes"), judgements("no"), judgements("")),
        (accepted(true), accepted(false), accepted(false))
    );
    assert!(judgements("perhaps").unwrap_err().contains("is neither yes nor no"));
}
