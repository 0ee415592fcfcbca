//! Many contributions at once: every row of a file, signed one by one, sent through one stream, and safe to run again.
//!
//! The nonce of a row follows from the row and the signer's secret key. So a second run knows from the ledger alone
//! which rows are in it, on any machine, and nobody without the key can tell a row from its nonce.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use serde_json::json;

use crate::{
    cli::{
        args::SignArgs,
        contribute::done_by_now,
        csv_file::MappingArgs,
        csv_rows::{self, CONTRIBUTION_FIELDS, ContributionRow, LeftOut},
        error::{Exit, Failure},
        output::plain,
        refusals,
        session::Session,
        signing::{Said, Signer, shown},
        verified,
        words::{counted, span_text},
    },
    client::Refused,
    envelope::Envelope,
    split::{Exact, exact_text},
    statement::{Body, Statement, wire},
    time::Timestamp,
};

/// Claims every row of the signer's party in the file at `path`.
pub(super) fn contribute(
    session: &mut Session,
    args: &SignArgs,
    agreement: Option<&str>,
    path: &Path,
    mapping: &MappingArgs,
) -> Result<Exit, Failure> {
    let mapping = mapping.mapping(&csv_rows::names(&CONTRIBUTION_FIELDS))?;
    let mut known = HashSet::new();
    let mut signer = Signer::begin_each(session, args, agreement, |entry| {
        if let Some(signed) = entry.signed.filter(|_| entry.admitted) {
            known.insert((signed.statement().signer, signed.statement().nonce));
        }
    })?;
    let read = csv_rows::read_contributions(path, &mapping, signer.agreement().terms())?;
    let mut plan = Plan { left_out: read.left_out, ..Plan::default() };
    let mut times_seen: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut rows = Vec::new();
    for row in read.rows {
        if row.party != signer.party {
            plan.of_others += 1;
            continue;
        }
        let (nonce, key) = nonce_of(&signer, &row, &mut times_seen);
        if known.contains(&(key, nonce)) {
            plan.recorded += 1;
        } else {
            plan.add(&row);
            rows.push((nonce, row));
        }
    }
    if rows.is_empty() {
        return nothing_left(&signer, &plan, path);
    }
    let lines: Vec<u64> = rows.iter().map(|(_, row)| row.line).collect();
    let said = sign_all(&signer, rows, path)?;
    let shown = plan.shown(&signer, path);
    signer.session().output.note(shown_or_nothing(args, &shown));
    if args.dry_run {
        return dry_run(&signer, &plan);
    }
    if !args.yes && !signer.session().output.ask(&shown, "Sign all of them and send them?")? {
        return Err(Failure::usage("nothing was signed"));
    }
    let sent = send_all(&mut signer, said, &lines)?;
    finish(&signer, &plan, sent, path)
}

fn shown_or_nothing(args: &SignArgs, shown: &str) -> String {
    if args.yes || args.dry_run { shown.to_owned() } else { String::new() }
}

/// What is about to be done.
#[derive(Default)]
struct Plan {
    /// By unit: how many rows, and how much in all.
    units: BTreeMap<String, (usize, Exact)>,
    worked: Option<(Timestamp, Timestamp)>,
    recorded: usize,
    of_others: usize,
    left_out: LeftOut,
}

impl Plan {
    fn add(&mut self, row: &ContributionRow) {
        let sum = self.units.entry(row.contribution.unit.to_string()).or_insert((0, Exact::ZERO));
        sum.0 += 1;
        sum.1 += row.contribution.quantity.exact();
        let (start, end) = (row.contribution.work_start, row.contribution.work_end);
        let worked = self.worked.get_or_insert((start, end));
        *worked = (worked.0.min(start), worked.1.max(end));
    }

    fn rows(&self) -> usize {
        self.units.values().map(|(rows, _)| rows).sum()
    }

    fn shown(&self, signer: &Signer<'_>, path: &Path) -> String {
        let agreement = signer.agreement();
        let mut lines = vec![
            ("agreement", format!("\"{}\", {}", plain(&agreement.terms().title), agreement.id())),
            (
                "says",
                format!("{} contributions, the rows of {} in {}", self.rows(), signer.party().name, path.display()),
            ),
        ];
        for (unit, (rows, sum)) in &self.units {
            lines.push(("", format!("{}, {} {unit} in all", counted(*rows, "row", "rows"), exact_text(sum))));
        }
        if let Some((start, end)) = self.worked {
            lines.push(("worked", span_text(start, end)));
        }
        if self.recorded > 0 {
            lines.push(("left out", counted(self.recorded, "row", "rows") + " that the ledger has already"));
        }
        if self.of_others > 0 {
            lines.push(("left out", counted(self.of_others, "row", "rows") + " of other parties, who sign their own"));
        }
        if self.left_out.rows() > 0 {
            lines.push(("left out", self.left_out.to_string().replace(" left out", "")));
        }
        shown(&signer.party().name.to_string(), signer.public(), &lines)
    }
}

/// Rows that are the same in everything are told apart by how many of them came before.
fn nonce_of(
    signer: &Signer<'_>,
    row: &ContributionRow,
    times_seen: &mut HashMap<Vec<u8>, u64>,
) -> ([u8; 16], crate::keys::PublicKey) {
    let statement = Statement {
        agreement: Some(signer.agreement().id()),
        signer: signer.public(),
        nonce: [0; 16],
        claimed_time: Timestamp::EPOCH,
        seen: None,
        body: Body::Contribution(row.contribution.clone()),
    };
    let mut bytes = wire::encode(&statement).to_vec();
    let before = times_seen.entry(bytes.clone()).or_insert(0);
    bytes.extend_from_slice(&before.to_be_bytes());
    *before += 1;
    (signer.secret_number(&bytes), signer.public())
}

/// Signs every row and asks the law about all of them before anything is sent: a file goes in as it is meant, or not.
fn sign_all(signer: &Signer<'_>, rows: Vec<([u8; 16], ContributionRow)>, path: &Path) -> Result<Vec<Said>, Failure> {
    let bar = signer.session().output.progress(u64::try_from(rows.len()).unwrap_or(u64::MAX), "signing  ");
    let mut trial = signer.trial();
    let mut said = Vec::with_capacity(rows.len());
    for (nonce, mut row) in rows {
        let line = row.line;
        row.contribution.work_end = done_by_now(row.contribution.work_start, row.contribution.work_end);
        let one = signer.sign(Body::Contribution(row.contribution), nonce);
        let one = one.and_then(|one| trial.take(&one.signed).map(|()| one));
        said.push(one.map_err(|failure| {
            let says = format!("{}:{line}: {}", path.display(), failure.says);
            Failure { says, ..failure }
        })?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(said)
}

/// What came of it.
#[derive(Default)]
struct Sent {
    recorded: usize,
    first: Option<u64>,
    last: Option<u64>,
    refused: Vec<(u64, Refused)>,
}

fn send_all(signer: &mut Signer<'_>, said: Vec<Said>, lines: &[u64]) -> Result<Sent, Failure> {
    let session = signer.session();
    let id = signer.agreement().id();
    let connection = signer.ledger.connection.as_mut().ok_or_else(|| Failure::usage("there is no server"))?;
    let verifier = connection.trust_log_of(session, id)?;
    let bar = session.output.progress(u64::try_from(said.len()).unwrap_or(u64::MAX), "recording");
    let mut sent = Sent::default();
    let envelopes: Vec<Envelope> = said.into_iter().map(|said| said.envelope).collect();
    let mut noes = Vec::new();
    let answered =
        session.wait(connection.client.submit_all(envelopes.iter().cloned(), Some(&verifier), |position, answer| {
            match answer {
                Ok(recorded) => {
                    sent.recorded += 1;
                    sent.first = Some(sent.first.map_or(recorded.index, |first| first.min(recorded.index)));
                    sent.last = Some(sent.last.map_or(recorded.index, |last| last.max(recorded.index)));
                }
                Err(refused) => {
                    noes.push(position);
                    sent.refused.push((lines.get(position).copied().unwrap_or(0), refused));
                }
            }
            bar.inc(1);
        }));
    bar.finish_and_clear();
    let refused =
        noes.iter().filter_map(|position| envelopes.get(*position)).zip(sent.refused.iter().map(|(_, no)| no));
    refusals::keep_all(session, id, refused);
    match answered {
        Ok(_) => Ok(sent),
        Err(failure) => Err(failure.hint(format!(
            "{} were recorded before. Run the same command again: what is in the ledger is left out",
            sent.recorded
        ))),
    }
}

fn finish(signer: &Signer<'_>, plan: &Plan, sent: Sent, path: &Path) -> Result<Exit, Failure> {
    let session = signer.session();
    let id = signer.agreement().id();
    // Every receipt was checked as it came; the ledger read again shows all of them in it, and is kept.
    let now = verified::open_agreement(session, id, |_| ())?;
    let refused: Vec<_> = sent
        .refused
        .iter()
        .map(|(line, no)| json!({ "line": line, "reason": no.reason, "message": no.message }))
        .collect();
    let entries = match (sent.first, sent.last) {
        (Some(first), Some(last)) if first != last => format!(" as entries {first} to {last}"),
        (Some(first), _) => format!(" as entry {first}"),
        (None, _) => String::new(),
    };
    session.output.answer(
        || {
            json!({
                "agreement": id.to_string(),
                "recorded": sent.recorded,
                "recorded_before": plan.recorded,
                "refused": refused,
                "first_entry": sent.first,
                "last_entry": sent.last,
                "of_other_parties": plan.of_others,
                "left_out": plan.left_out.to_json(),
                "ledger": now.file,
            })
        },
        || {
            let before =
                if plan.recorded > 0 { format!("; {} were there already", plan.recorded) } else { String::new() };
            {
                let recorded = counted(sent.recorded, "contribution", "contributions");
                format!("recorded {recorded}{entries}{before}\n  ledger: {}", now.file.display())
            }
        },
    )?;
    if let [(line, first), ..] = sent.refused.as_slice() {
        let count = sent.refused.len();
        return Err(Failure::new(
            Exit::Refused,
            format!("{count} rows were refused; the first is {}:{line}: {}", path.display(), first.message),
        )
        .reason(first.reason.clone())
        .hint("mend these rows and run the same command again: what is in the ledger is left out"));
    }
    session.output.next(format!("another party attests them: counterfoil attest --all-of {}", signer.party().name));
    Ok(Exit::Done)
}

fn nothing_left(signer: &Signer<'_>, plan: &Plan, path: &Path) -> Result<Exit, Failure> {
    if plan.recorded == 0 {
        return Err(Failure::usage(format!("{} has no row of {}", path.display(), signer.party().name)).hint(
            "the column `party` must name your party as the terms do; --column party=COLUMN takes another column",
        ));
    }
    signer.session().output.answer(
        || json!({ "agreement": signer.agreement().id().to_string(), "recorded": 0, "recorded_before": plan.recorded }),
        || format!("nothing to do: all {} rows of {} are in the ledger already", plan.recorded, signer.party().name),
    )?;
    Ok(Exit::Done)
}

fn dry_run(signer: &Signer<'_>, plan: &Plan) -> Result<Exit, Failure> {
    signer.session().output.answer(
        || json!({ "agreement": signer.agreement().id().to_string(), "would_be_admitted": true, "rows": plan.rows() }),
        || format!("{} contributions would be admitted; nothing was sent", plan.rows()),
    )?;
    Ok(Exit::Done)
}
