//! The end of the story: the ledger in one file, an audit of it, one byte changed, and the audit again.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    audit::{self, Finding, Options, Report, audit_each},
    cli::{
        demo::{
            narrator::{Narrator, shorten},
            stage::Stage,
        },
        error::{Exit, Failure},
        home::cannot,
    },
    split::Ratio,
    statement::{Body, wire},
};

/// What the file of the exported ledger is called.
pub(super) const BUNDLE: &str = "demo.counterfoil";
/// What the file with the changed byte is called.
const CHANGED: &str = "changed.counterfoil";

/// Exports the ledger and audits the file with the log's key that the parties know.
pub(super) async fn export(stage: &mut Stage, narrator: &mut Narrator) -> Result<Vec<u8>, Failure> {
    let (id, path) = (stage.id()?, stage.folder.path.join(BUNDLE));
    let mut bytes = Vec::new();
    stage.client.export(id, &mut bytes).await?;
    fs::write(&path, &bytes).map_err(|cause| cannot("written", &path, cause))?;
    let size = stage.agreement()?.size();
    narrator.step(&format!(
        "The ledger in one file: {BUNDLE}, {size} entries, {} bytes. An audit needs nothing else:",
        bytes.len()
    ));
    Ok(bytes)
}

/// Audits `bytes`, which must be sound, and show the agreement that was folded here entry by entry.
pub(super) fn audit(stage: &Stage, narrator: &mut Narrator, bytes: &[u8]) -> Result<Value, Failure> {
    let options = Options { log_key: Some(stage.log_key), file: BUNDLE.to_owned() };
    let report = audit::audit(bytes, &options).report;
    if report.is_sound() {
        narrator.good("sound: every entry follows from the entries before it");
    }
    tell(narrator, &report);
    if !report.is_sound() || report.entries != stage.agreement()?.size() {
        return Err(Failure::new(Exit::Findings, "the ledger of the demonstration is unsound"));
    }
    Ok(report.to_json())
}

/// Changes one byte, so that a contribution says more than was signed. Audits again; the audit must name the entry.
pub(super) fn tamper(stage: &Stage, narrator: &mut Narrator, bytes: &[u8], to: u64) -> Result<Value, Failure> {
    let made_wrong = || Failure::new(Exit::Fault, "the demonstration is made wrong: no single byte can be changed");
    let place = find(bytes, to).ok_or_else(made_wrong)?;
    let mut changed = bytes.to_vec();
    changed[place.offset] = place.put;
    let path = stage.folder.path.join(CHANGED);
    fs::write(&path, &changed).map_err(|cause| cannot("written", &path, cause))?;
    narrator.step(&format!(
        "Somebody turns the {} {} of {} into {to}: one byte of the file, {:#04x} at {} becomes {:#04x}.",
        place.from, place.unit, place.party, bytes[place.offset], place.offset, place.put
    ));
    let options = Options { log_key: Some(stage.log_key), file: CHANGED.to_owned() };
    let report = audit::audit(changed.as_slice(), &options).report;
    narrator.line(&format!("unsound, {} findings:", report.findings.len()));
    tell(narrator, &report);
    if report.findings.iter().all(|finding| finding.entry != Some(place.entry)) {
        return Err(Failure::new(Exit::Fault, "the audit does not name the entry that was changed"));
    }
    Ok(json!({
        "entry": place.entry,
        "offset": place.offset,
        "from": bytes[place.offset],
        "to": place.put,
        "audit": report.to_json(),
    }))
}

/// Tells what an audit shows: what was found in a line for each rule, then what was looked at.
fn tell(narrator: &mut Narrator, report: &Report) {
    for (rule, (first, entries)) in by_rule(report) {
        let more = match entries.as_slice() {
            [_, .., last] => format!(", and so on to entry {last}"),
            _ => String::new(),
        };
        narrator.bad(&format!("{rule:<22}"), &format!("{}{more}", shorten(&first.says)));
    }
    for line in report.to_string().lines().skip_while(|line| !line.trim_start().starts_with("ledger: ")) {
        narrator.line(&shorten(line));
    }
}

/// Returns the first finding of each rule, and the entries of all of them, in the order they were found.
fn by_rule(report: &Report) -> Vec<(&str, (&Finding, Vec<u64>))> {
    let mut rules: Vec<(&str, (&Finding, Vec<u64>))> = Vec::new();
    for finding in &report.findings {
        match rules.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, (_, entries))) => entries.extend(finding.entry),
            None => rules.push((finding.rule, (finding, finding.entry.into_iter().collect()))),
        }
    }
    rules
}

/// One byte that makes a contribution say more.
struct Place {
    entry: u64,
    offset: usize,
    put: u8,
    from: Ratio,
    unit: String,
    party: String,
}

/// Finds the last contribution of more than one piece whose quantity becomes `to` by one byte, and where that byte is.
fn find(bytes: &[u8], to: u64) -> Option<Place> {
    let to = Ratio::new(to, 1).ok()?;
    let mut found = None;
    let _ = audit_each(bytes, &Options::default(), |audited| {
        let Some(signed) = audited.signed else { return };
        let mut statement = signed.statement().clone();
        let Body::Contribution(contribution) = &mut statement.body else { return };
        let (from, unit, party) =
            (contribution.quantity, contribution.unit.to_string(), contribution.party.to_string());
        if from == Ratio::ONE || from == to {
            return;
        }
        contribution.quantity = to;
        let (said, forged) = (&audited.entry.envelope.payload, wire::encode(&statement));
        let mut differing = said.iter().zip(&forged).enumerate().filter(|(_, (a, b))| a != b);
        let (Some((at, (_, put))), None, true) = (differing.next(), differing.next(), said.len() == forged.len())
        else {
            return;
        };
        if let Some(begin) = bytes.windows(said.len()).position(|window| window == said) {
            found = Some(Place { entry: audited.index, offset: begin + at, put: *put, from, unit, party });
        }
    });
    found
}

/// Writes the terms beside what is kept.
pub(super) fn keep_terms(folder: &Path, text: &str) -> Result<(), Failure> {
    let path = folder.join("agreement.toml");
    fs::write(&path, text).map_err(|cause| cannot("written", &path, cause))
}
