//! `motions`: what waits for whom, since when. And what every verb says about something that was moved.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    agreement::{
        Agreement,
        motion::{Matter, Motion, Quorum},
        state::Phase,
    },
    cli::{
        args::LedgerArgs,
        error::{Exit, Failure},
        ids,
        session::{Session, now},
        signing::still_to_accept,
        table::Table,
        verified,
        words::{Teller, matter_name, party_name, time_text},
    },
    keys::PublicKey,
    statement::id::StatementId,
};

/// List what was moved and waits: for whom, and since when
#[derive(Args, Debug)]
#[command(
    after_help = "Nothing takes effect by waiting. Who is asked accepts or declines, who moved it may take it back.

Examples:
  counterfoil motions agr1...
  counterfoil accept 12 --key enterprise.key"
)]
pub(super) struct MotionsArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub(super) fn run(args: &MotionsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let wanted = args.ledger.apply(&mut session.settings);
    let ledger = verified::open(session, wanted)?;
    let agreement = &ledger.agreement;
    let value = || json!({ "agreement": agreement.id().to_string(), "motions": to_json(agreement) });
    session.output.answer(value, || match listed(agreement) {
        Some(table) => table,
        None if agreement.phase_at(now()) == Phase::Negotiating => {
            format!("the proposal waits: {}", still_to_accept(agreement))
        }
        None => "nothing waits".to_owned(),
    })?;
    Ok(ledger.exit())
}

/// Returns every motion that waits, in ledger order.
pub(super) fn waiting(agreement: &Agreement) -> Vec<&Motion> {
    let mut motions: Vec<&Motion> = agreement.motions().collect();
    motions.sort_by_key(|motion| motion.index);
    motions
}

/// Returns a table of what waits; `None`: nothing does.
pub(super) fn listed(agreement: &Agreement) -> Option<String> {
    let teller = Teller::of(agreement);
    let mut table = Table::new(&[">ENTRY", "SINCE", "BY", "MOVES", "WAITS FOR"]);
    for motion in waiting(agreement) {
        let moves = format!("{}: {}", matter_name(&motion.matter), teller.matter_text(&motion.matter));
        table.row([
            motion.index.to_string(),
            time_text(motion.moved),
            party_name(agreement, &motion.matter, motion.mover),
            moves,
            awaited_text(agreement, motion),
        ]);
    }
    (!table.is_empty()).then(|| table.text(0))
}

/// Returns every motion that waits.
pub(super) fn to_json(agreement: &Agreement) -> Vec<Value> {
    let teller = Teller::of(agreement);
    let one = |motion: &Motion| {
        let accepted: Vec<Value> = motion
            .accepted
            .iter()
            .map(|(party, keys)| json!({ "party": party_name(agreement, &motion.matter, *party), "keys": keys.len() }))
            .collect();
        let awaited = agreement.awaited(motion);
        let awaited: Vec<String> =
            awaited.into_iter().map(|party| party_name(agreement, &motion.matter, party)).collect();
        json!({
            "entry": motion.index,
            "statement": motion.id.to_string(),
            "kind": motion.matter.kind().as_str(),
            "moves": teller.matter_text(&motion.matter),
            "moved_by": party_name(agreement, &motion.matter, motion.mover),
            "since": motion.moved.to_string(),
            "accepted": accepted,
            "awaited": awaited,
            "one_of_them": motion.quorum == Quorum::Another,
            "awaits_mediator": agreement.awaits_mediator(motion),
        })
    };
    waiting(agreement).into_iter().map(one).collect()
}

/// Says whose acceptance a motion still needs.
pub(super) fn awaited_text(agreement: &Agreement, motion: &Motion) -> String {
    let name = |party: usize| {
        let name = party_name(agreement, &motion.matter, party);
        let threshold = match &motion.matter {
            Matter::Amendment(amended) => amended.terms.parties.get(party),
            _ => agreement.terms().parties.get(party),
        };
        match threshold.map_or(1, |party| party.govern_threshold) {
            1 => name,
            needed => format!("{name} ({} of {needed} keys)", motion.accepted.get(&party).map_or(0, Vec::len)),
        }
    };
    let mut names: Vec<String> = agreement.awaited(motion).into_iter().map(name).collect();
    let either = motion.quorum == Quorum::Another && agreement.awaited(motion) != [motion.mover];
    if either {
        names = vec![
            names
                .into_iter()
                .filter(|name| *name != party_name(agreement, &motion.matter, motion.mover))
                .collect::<Vec<_>>()
                .join(" or "),
        ];
    }
    if agreement.awaits_mediator(motion) {
        names.push("the mediator's consent".to_owned());
    }
    if names.is_empty() {
        // All others have left since.
        names.push("anybody who has accepted, to say so once more".to_owned());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    super::words::and(&names)
}

/// Returns the first motion that names the mediator of a key and waits for its consent.
pub(super) fn naming_mediator(agreement: &Agreement, key: PublicKey) -> Option<StatementId> {
    let names = |motion: &&Motion| {
        let named = agreement.new_mediator(&motion.matter);
        agreement.awaits_mediator(motion) && named.is_some_and(|named| named.keys.contains(&key))
    };
    waiting(agreement).into_iter().find(names).map(|motion| motion.id)
}

/// Says what comes next after something was moved: who accepts it, or `done` if it is so already.
pub(super) fn after_moving(after: &Agreement, entries: &[u64], done: &str) -> Option<String> {
    let entry = entries.first()?;
    // On this machine it is the last of all; on the server others may have come before it.
    match after.motions().find(|motion| motion.index + 1 == after.size()) {
        Some(motion) => {
            let consents = if after.awaits_mediator(motion) {
                format!("; the mediator consents with: counterfoil consent {entry}")
            } else {
                String::new()
            };
            Some(format!(
                "it waits for {}; who is asked accepts with: counterfoil accept {entry}{consents}",
                awaited_text(after, motion)
            ))
        }
        None => Some(done.to_owned()),
    }
}

/// Says what comes next after a motion was accepted.
pub(super) fn after_accepting(after: &Agreement, accepted: StatementId) -> String {
    match after.motions().find(|motion| motion.id == accepted) {
        Some(motion) => format!("it still waits for {}", awaited_text(after, motion)),
        None => "all that were asked have accepted: it is so. `counterfoil show` shows where the agreement stands"
            .to_owned(),
    }
}

/// Returns the motion that `text` names.
pub(super) fn find(agreement: &Agreement, text: &str) -> Result<StatementId, Failure> {
    let found = ids::find(text, "motion", agreement.motions().map(|motion| (motion.index, motion.id)));
    found.map_err(|failure| {
        failure.hint(
            "`counterfoil motions` lists what waits, and for whom; offers in a dispute: counterfoil disputes ENTRY",
        )
    })
}

/// Returns the one motion that waits for a key of a party; `verb` is what it would do with it.
///
/// Errors: when none does, or several, which are then listed.
pub(super) fn the_one_for(
    agreement: &Agreement,
    party: usize,
    key: PublicKey,
    verb: &str,
) -> Result<StatementId, Failure> {
    let has_signed = |motion: &Motion| motion.accepted.get(&party).is_some_and(|keys| keys.contains(&key));
    let for_me: Vec<&Motion> = waiting(agreement)
        .into_iter()
        .filter(|motion| agreement.awaited(motion).contains(&party) && !has_signed(motion))
        .collect();
    match for_me.as_slice() {
        [one] => Ok(one.id),
        [] => Err(Failure::new(Exit::Refused, "nothing waits for this key")
            .reason("UNKNOWN_MOTION")
            .hint("`counterfoil motions` lists what waits, and for whom")),
        several => {
            let listed: Vec<String> = several
                .iter()
                .map(|motion| format!("{} (entry {})", matter_name(&motion.matter), motion.index))
                .collect();
            Err(Failure::usage(format!("{} things wait for you: {}", several.len(), listed.join(", ")))
                .hint(format!("say which: counterfoil {verb} {}", several[0].index)))
        }
    }
}
