//! Slips in a file are shown with their line; what is right is read in full.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{EXAMPLE, Purpose, load, read};
use crate::{
    agreement::terms::check,
    cli::toml_file::{TomlFile, TomlFileError},
    digest::Digest,
    keys::SecretKey,
    split::Ratio,
    statement::{
        Body, Statement,
        rules::{
            Baseline, Bound, Calendar, ExitTerms, Fee, Guarantee, Mediator, Rounding, SharePolicy, Trial, Waterfall,
            Windows,
        },
        terms::{Name, Scope, Terms},
        wire,
    },
    time::Timestamp,
};

fn tried(text: &str) -> Result<Terms, TomlFileError> {
    read(&TomlFile::new(Path::new("agreement.toml"), text.to_owned()), Purpose::Try)
}

/// Puts `put` for `found` into the example and returns what is said about it.
fn said_of(found: &str, put: &str) -> String {
    assert!(EXAMPLE.contains(found), "the example has no {found}");
    let error = tried(&EXAMPLE.replacen(found, put, 1)).unwrap_err();
    format!("{error}; {}", error.hint().unwrap_or_default())
}

fn line_of(text: &str) -> usize {
    1 + EXAMPLE.lines().position(|line| line.starts_with(text)).unwrap()
}

#[test]
fn the_example_is_terms_that_the_law_takes() {
    let terms = tried(EXAMPLE).unwrap();
    check(&terms).unwrap();
    assert_eq!(terms.parties.len(), 2);
    assert_eq!(terms.dimensions[0].default_shares[0].to_string(), "7/10");
    assert_eq!(terms.examples[0].allocations, [14_350_000, 6_150_000]);
    assert_eq!(terms.examples[1].allocations, [1_280, 720]);
    assert_eq!(terms.back_date_days_max, Some(400));
}

#[test]
fn every_example_is_terms_that_the_law_takes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples = 0;
    // A plan is no terms.
    let files =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| !path.ends_with("plan.toml"));
    for path in files {
        check(&load(&path, Purpose::Try).unwrap()).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        examples += 1;
    }
    assert!(examples >= 4, "{examples}");
}

#[test]
fn what_is_signed_has_real_keys_and_the_digest_of_the_text() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agreement.toml");
    let key = |seed: u8| SecretKey::from_seed(&[seed; 32]).public();
    fs::write(&path, EXAMPLE).unwrap();
    let missing = load(&path, Purpose::Sign).unwrap_err().to_string();
    let line = line_of("[[parties]]");
    assert!(missing.ends_with(&format!("agreement.toml:{line}: parties[0].keys: is missing")), "{missing}");
    let community = format!("keys = [\"{}\"]\ngovern_threshold = 1 ", key(1));
    let scoped = format!("{{ key = \"{}\", scopes = [\"REPORT\", \"govern\"] }}", key(2));
    let text = EXAMPLE.replacen("govern_threshold = 1 ", &community, 1).replacen(
        "# keys = [\"key1...\"]",
        &format!("keys = [{scoped}]"),
        1,
    );
    fs::write(&path, text).unwrap();
    let unread = load(&path, Purpose::Sign).unwrap_err();
    assert!(matches!(&unread, TomlFileError::Named { key, .. } if key == "legal_text.file"), "{unread}");
    fs::write(folder.path().join("agreement.md"), "We agree.").unwrap();
    let terms = load(&path, Purpose::Sign).unwrap();
    assert_eq!(terms.legal_text.digest, Digest::of(&[b"We agree."]));
    assert_eq!(terms.parties[0].keys[0].key, key(1));
    assert_eq!(terms.parties[0].keys[0].scopes.len(), 4);
    assert_eq!(terms.parties[1].keys[0].scopes, [Scope::Govern, Scope::Report]);
}

#[test]
fn a_slip_is_shown_with_its_line_and_what_was_meant() {
    let said = said_of("govern_threshold", "govern_treshold");
    let line = line_of("govern_threshold");
    let place = format!("agreement.toml:{line}: parties[0].govern_treshold");
    assert_eq!(said, format!("{place}: is not known here; did you mean `govern_threshold`?"));
    let said = said_of("enterprise = \"30%\" }", "entreprise = \"30%\" }");
    assert!(said.contains("`entreprise` is no party of this agreement; did you mean `enterprise`?"), "{said}");
    let said = said_of("dimension = \"T\"", "dimension = \"Q\"");
    assert!(said.ends_with("units[0].dimension: `Q` is no dimension of this agreement; did you mean `T`?"), "{said}");
    let said = said_of("collector = \"community\"", "collector = \"foundation\"");
    assert!(said.ends_with("`foundation` is no party of this agreement; known are: community, enterprise"), "{said}");
}

#[test]
fn floats_are_refused_with_the_exact_form() {
    let said = said_of("points = \"3/2\"", "points = 1.5");
    assert!(
        said.ends_with(
            "units[1].points: 1.5 is a floating-point number; write it in quotes, it is then exact: \"1.5\""
        ),
        "{said}"
    );
    assert!(tried(&EXAMPLE.replacen("points = \"3/2\"", "points = \"1.5\"", 1)).is_ok());
}

#[test]
fn every_other_mistake_names_its_place() {
    for (found, put, said) in [
        ("title = \"One", "titel = \"One", "titel: is not known here; did you mean `title`?"),
        ("weight = \"3/5\"", "weight = \"3/0\"", "dimensions[0].weight: the denominator is zero"),
        ("name = \"commit\"", "", "units[0].name: is missing"),
        ("name = \"commit\"", "name = \"a commit\"", "units[0].name: a name has 1 to 64 characters"),
        ("code = \"EUR\"", "code = \"euro\"", "currencies[0].code: a currency code has"),
        ("exponent = 2", "exponent = -2", "currencies[0].exponent: must be a whole number below 2^32, not -2"),
        ("role = \"community\"", "role = \"comunity\"", "`comunity` is none of community, enterprise"),
        ("\"12.80\"", "\"12.805\"", "examples[1].allocations.community: `12.805` is finer than EUR"),
        ("\"12.80\"", "12.80", "examples[1].allocations.community: must be a text in quotes, not 12.80"),
        ("community = \"70%\", ", "", "dimensions[0].default_shares: `community` is missing"),
        ("lapses_on_decline = false", "lapses_on_decline = 0", "lapses_on_decline: must be true or false"),
        ("file = \"agreement.md\"", "", "legal_text.file: is missing"),
        ("file = \"agreement.md\"", "digest = \"00\"", "legal_text.digest: a digest has 32 bytes, not 1"),
        ("uri = \"\"", "digest = \"00\"", "give the file or its digest, not both"),
        ("title = \"One", "title = One", "not TOML:"),
        (
            "# acceptance_deadline = 2030-12-31",
            "acceptance_deadline = 2030-12-31T10:00:00",
            "acceptance_deadline: `2030",
        ),
    ] {
        let found = said_of(found, put);
        assert!(found.contains(said), "{found}\nis not\n{said}");
    }
    let dated = EXAMPLE.replacen("# acceptance_deadline = 2030-12-31", "acceptance_deadline = 2030-12-31", 1);
    assert_eq!(tried(&dated).unwrap().acceptance_deadline, Some("2030-12-31T23:59:59.999Z".parse().unwrap()));
}

#[test]
fn files_that_are_too_large_or_missing_are_errors() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agreement.toml");
    assert!(matches!(load(&path, Purpose::Try), Err(TomlFileError::Read { .. })));
    fs::write(&path, " ".repeat(1_024 * 1_024 + 1)).unwrap();
    assert!(matches!(load(&path, Purpose::Try), Err(TomlFileError::TooLarge { .. })));
    fs::write(&path, "").unwrap();
    let empty = load(&path, Purpose::Try).unwrap_err().to_string();
    assert!(empty.ends_with("agreement.toml:1: parties: is missing"), "{empty}");
}

/// The example with every rule set that terms may have besides.
fn ruled() -> String {
    let first = "lapses_on_decline = false
calendar = \"quarter\"
share_policy = \"true_up\"
rounding = \"never_negative\"
decay = \"10%\"
tail_days = 90
daily_claims_max = 50
";
    let tables = format!(
        "
[mediator]
display_name = \"The arbiter\"
public_keys = [\"{}\", \"{}\"]

[windows]
attest_days = 30
challenge_days = 31
closing_days = 32
statement_days = 33
evidence_days = 34
audit_days = 35

[waterfall]
holdback = \"5%\"
holdback_days = 365
cost_categories = [\"compute\", \"travel\"]
corridor = \"1/2\"

[[waterfall.fees]]
name = \"hosting\"
payee = \"The host\"
rate = \"1/20\"
cap = \"1000.00\"

[[waterfall.bounds]]
party = \"enterprise\"
cap = \"60%\"
floor = \"12.34\"

[[waterfall.guarantees]]
party = \"community\"
guarantor = \"enterprise\"
currency = \"EUR\"
amount = \"500.00\"

[trial]
days = 14
criteria_digest = \"{}\"

[exit]
notice_days = 60
factor = \"3/4\"
factor_without_notice = 0

[[baselines]]
party = \"community\"
amount = \"10000.00\"
",
        SecretKey::from_seed(&[7; 32]).public(),
        SecretKey::from_seed(&[8; 32]).public(),
        "5a".repeat(32),
    );
    EXAMPLE.replacen("lapses_on_decline = false\n", first, 1) + &tables
}

#[test]
fn a_file_may_set_every_rule_of_the_protocol() {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let (community, enterprise) = (|| name("community"), || name("enterprise"));
    let euro = || "EUR".parse().unwrap();
    let ratio = |numerator, denominator| Ratio::new(numerator, denominator).unwrap();
    let terms = tried(&ruled()).unwrap();
    let keys = [7, 8].map(|seed| SecretKey::from_seed(&[seed; 32]).public()).to_vec();
    let expected = Terms {
        mediator: Some(Mediator { display_name: "The arbiter".to_owned(), keys }),
        calendar: Some(Calendar::Quarter),
        windows: Windows { attest: 30, challenge: 31, closing: 32, statement: 33, evidence: 34, audit: 35 },
        waterfall: Waterfall {
            fees: vec![Fee {
                name: name("hosting"),
                payee: "The host".to_owned(),
                rate: ratio(1, 20),
                currency: euro(),
                cap: Some(100_000),
            }],
            holdback: Some(ratio(1, 20)),
            holdback_days: 365,
            cost_categories: vec![name("compute"), name("travel")],
            corridor: Some(ratio(1, 2)),
            bounds: vec![Bound { party: enterprise(), currency: euro(), cap: Some(ratio(3, 5)), floor: 1_234 }],
            guarantees: vec![Guarantee {
                party: community(),
                guarantor: enterprise(),
                currency: euro(),
                amount: 50_000,
            }],
        },
        share_policy: SharePolicy::TrueUp,
        rounding: Rounding::NeverNegative,
        decay: ratio(1, 10),
        trial: Some(Trial { days: 14, criteria: Digest::from_bytes([0x5a; 32]) }),
        exit: Some(ExitTerms { notice_days: 60, factor: ratio(3, 4), factor_without_notice: Ratio::ZERO }),
        tail_days: 90,
        baselines: vec![Baseline { party: community(), currency: euro(), amount: 1_000_000 }],
        daily_claims_max: Some(50),
        ..tried(EXAMPLE).unwrap()
    };
    assert_eq!(terms, expected);
    // And they are within the protocol's limits, and signed as they are.
    let key = SecretKey::from_seed(&[1; 32]);
    let statement = Statement {
        agreement: None,
        signer: key.public(),
        nonce: [1; 16],
        claimed_time: Timestamp::EPOCH,
        seen: None,
        body: Body::Proposal(terms),
    };
    let opened = wire::open(&wire::sign(&statement, &key).unwrap()).unwrap();
    assert_eq!(opened.statement(), &statement);
}

#[test]
fn a_slip_in_a_rule_names_its_place_too() {
    for (found, put, said) in [
        ("calendar = \"quarter\"", "calendar = \"week\"", "calendar: `week` is none of month, quarter, year"),
        ("rounding = \"never", "rounding = \"ever", "rounding: `ever_negative` is none of largest_remainder"),
        ("attest_days = 30", "atest_days = 30", "windows.atest_days: is not known here; did you mean `attest_days`?"),
        ("attest_days = 30", "attest_days = \"30\"", "windows.attest_days: must be a whole number below 2^32"),
        ("holdback = \"5%\"", "holdback = 0.05", "waterfall.holdback: 0.05 is a floating-point number"),
        ("payee = \"The host\"", "", "waterfall.fees[0].payee: is missing"),
        ("cap = \"1000.00\"", "cap = \"1000.001\"", "waterfall.fees[0].cap: `1000.001` is finer than EUR"),
        ("party = \"enterprise\"\ncap", "party = \"entreprise\"\ncap", "waterfall.bounds[0].party: `entreprise` is no"),
        ("guarantor = \"enterprise\"", "", "waterfall.guarantees[0].guarantor: is missing"),
        ("criteria_digest = \"5a", "criteria_digest = \"", "trial.criteria_digest: a digest has 32 bytes, not 31"),
        ("days = 14", "days = 14\ncriteria_file = \"x\"", "give the file or its digest, not both"),
        ("factor = \"3/4\"\n", "", "exit.factor: is missing"),
        ("amount = \"10000.00\"", "amount = 10000", "baselines[0].amount: must be a text in quotes, not 10000"),
        ("public_keys = [\"", "public_keys = [\"x", "mediator.public_keys[0]: "),
        ("\n[exit]", "\n[exits]", "exits: is not known here; did you mean `exit`?"),
    ] {
        let text = ruled();
        assert!(text.contains(found), "there is no {found}");
        let error = tried(&text.replacen(found, put, 1)).unwrap_err();
        let told = format!("{error}; {}", error.hint().unwrap_or_default());
        assert!(told.contains(said), "{told}\nis not\n{said}");
    }
}
