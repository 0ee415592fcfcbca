//! Real histories through a running server: `demo --history` with the contributions of ONNX, judged by what its exported
//! bundle says to the auditor, and not by what it prints.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
    process::Command,
};

use counterfoil::{
    agreement::{
        Agreement,
        state::{BenefitState, ContributionState},
    },
    audit::{Options, audit_each},
    split::Ratio,
    statement::{Body, Settlement, terms::Name},
    time::Timestamp,
};
use flate2::read::GzDecoder;
use tempfile::TempDir;

use crate::common::shared;

const PARTIES: [(&str, &str); 3] = [("community", "30%"), ("Microsoft", "35%"), ("Meta", "35%")];

/// A row of a history: when it landed, its id, its party.
type Row = (Timestamp, String, String);

#[test]
fn the_quick_start_history_goes_through_a_server_to_an_audited_split() {
    let Some(history) = shared("data/contributions/onnx-quickstart.csv") else { return };
    let shown = plays_through(&history, "data/contributions/onnx-quickstart.expected_by_quarter.csv");
    assert_eq!((shown.rows, shown.quarters, shown.left_out), (433, 5, 58));
}

#[test]
fn the_full_history_goes_through_a_server_to_an_audited_split() {
    let Some(history) = shared("data/contributions/onnx.csv.gz") else { return };
    let shown = plays_through(&history, "data/contributions/onnx.expected_by_quarter.csv");
    assert_eq!((shown.rows, shown.quarters, shown.left_out), (2_832, 37, 1_070));
}

/// The same file and the same formula without a server: what is due in each quarter is the same to the cent.
#[test]
fn a_simulation_says_beforehand_what_the_server_settles() {
    let Some(history) = shared("data/contributions/onnx-quickstart.csv") else { return };
    let terms = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/onnx.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.env_clear().arg("simulate").arg(&terms).arg("--contributions").arg(&history).args(["--json", "--quiet"]);
    command.args(["--column", "artifact=id", "--column", "time=landed", "--set", "unit=commit", "--set", "quantity=1"]);
    let simulated = answer(command.args(["--benefit-per-period", "100000.00EUR"]));
    let settled = answer(&mut demo(&history));
    let dues = |quarters: &serde_json::Value, name: &str, due: &dyn Fn(&serde_json::Value) -> i64| {
        let quarters = quarters.as_array().unwrap().iter().map(|quarter| {
            let parties = quarter["parties"].as_array().unwrap().iter();
            (quarter[name].as_str().unwrap().to_owned(), parties.map(due).collect::<Vec<i64>>())
        });
        quarters.collect::<Vec<_>>()
    };
    let simulated =
        dues(&simulated["simulations"][0]["periods"], "period", &|party| party["due_minor"]["EUR"].as_i64().unwrap());
    let settled = dues(&settled["played"]["quarters"], "quarter", &|party| party["due_minor"].as_i64().unwrap());
    assert_eq!(simulated, settled);
    assert_eq!(settled.len(), 5);
}

fn demo(history: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.env_clear().args(["demo", "--json", "--column", "artifact=id", "--column", "time=landed"]);
    command.arg("--history").arg(history);
    command.args(PARTIES.iter().flat_map(|(name, share)| ["--party".to_owned(), format!("{name}={share}")]));
    command
}

fn answer(command: &mut Command) -> serde_json::Value {
    let run = command.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

struct Shown {
    rows: usize,
    quarters: usize,
    left_out: u64,
}

fn plays_through(history: &Path, expected: &str) -> Shown {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("kept");
    let told = answer(demo(history).arg("--keep").arg(&kept));

    let mut settlements = Vec::new();
    let file = File::open(kept.join("demo.counterfoil")).unwrap();
    let audit = audit_each(file, &Options::default(), |audited| {
        if let Some(Body::Settlement(settlement)) = audited.signed.map(|signed| &signed.statement().body) {
            settlements.push(settlement.clone());
        }
    });
    assert!(audit.report.is_sound(), "{}", audit.report);
    let agreement = audit.agreement.unwrap();
    let rows = rows_of_parties(history);
    every_row_is_a_contribution(&agreement, &rows);
    let quarters = sums_by_quarter(&agreement);
    assert_eq!(quarters, expected_sums(&shared(expected).unwrap()));
    shares_move_from_what_was_agreed(&agreement, &settlements);
    let count = quarters.keys().map(|(quarter, _)| quarter).collect::<BTreeSet<_>>().len();
    assert_eq!(settlements.len(), count, "a settlement for each quarter");
    assert_eq!(agreement.benefits().filter(|view| view.state == BenefitState::Settled).count(), count);
    Shown { rows: rows.len(), quarters: count, left_out: told["played"]["left_out"]["rows"].as_u64().unwrap() }
}

fn rows_of_parties(history: &Path) -> BTreeSet<Row> {
    let file = File::open(history).unwrap();
    let input: Box<dyn Read> = if history.extension().is_some_and(|end| end == "gz") {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut reader = csv::Reader::from_reader(input);
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| {
        let row = row.unwrap();
        (row["landed"].parse().unwrap(), row["id"].clone(), row["party"].clone())
    });
    rows.filter(|(_, _, party)| PARTIES.iter().any(|(name, _)| name == party)).collect()
}

/// Signed by its party, the commit as artifact, when it landed as the time of work, and attested by another party.
fn every_row_is_a_contribution(agreement: &Agreement, rows: &BTreeSet<Row>) {
    let found: BTreeSet<Row> = agreement
        .contributions()
        .map(|view| {
            let contribution = view.contribution;
            assert_eq!(contribution.party, agreement.terms().parties[view.party].name);
            assert_eq!(contribution.work_start, contribution.work_end);
            assert_eq!(view.state, ContributionState::Final, "counted by a settlement");
            assert_eq!(view.judgements.len(), 1);
            assert_ne!(view.judgements[0].party, view.party, "nobody attests its own");
            let [artifact] = contribution.artifacts.as_slice() else { panic!("{contribution:?}") };
            (contribution.work_end, artifact.digest.to_string(), contribution.party.to_string())
        })
        .collect();
    assert_eq!(&found, rows);
    assert_eq!(agreement.contributions().count(), rows.len());
}

fn sums_by_quarter(agreement: &Agreement) -> BTreeMap<(String, String), u64> {
    let mut sums = BTreeMap::new();
    for view in agreement.contributions() {
        assert_eq!(view.contribution.quantity, Ratio::ONE);
        let time = view.contribution.work_end.to_string();
        let month: u32 = time[5..7].parse().unwrap();
        let quarter = format!("{}-Q{}", &time[..4], month.div_ceil(3));
        *sums.entry((quarter, view.contribution.party.to_string())).or_default() += 1;
    }
    sums
}

fn expected_sums(path: &Path) -> BTreeMap<(String, String), u64> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let of_parties = rows.filter(|row| PARTIES.iter().any(|(name, _)| *name == row["party"]));
    of_parties.map(|row| ((row["quarter"].clone(), row["party"].clone()), row["commits"].parse().unwrap())).collect()
}

/// The first settlement still holds some of the agreed shares, the last one only what was measured.
fn shares_move_from_what_was_agreed(agreement: &Agreement, settlements: &[Settlement]) {
    let account = agreement.last_account().unwrap();
    let rates = account.shares.dimensions[0].rates().unwrap();
    assert_eq!(account.shares.shares, rates, "what was planned is there");
    let default = |party: usize| agreement.terms().dimensions[0].default_shares[party].exact();
    for party in 0..PARTIES.len() {
        let share = account.shares.shares.get(party).unwrap();
        assert_ne!(share, default(party), "{}", agreement.terms().parties[party].name);
    }
    let digests: BTreeSet<_> = settlements.iter().map(|settlement| settlement.shares).collect();
    assert_eq!(digests.len(), settlements.len(), "no two settlements share alike");
    let names: Vec<&Name> = agreement.terms().parties.iter().map(|party| &party.name).collect();
    assert_eq!(names, PARTIES.map(|(name, _)| name.parse().unwrap()).iter().collect::<Vec<&Name>>());
}
