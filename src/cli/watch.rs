//! `watch`: follows a ledger as it grows.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        args::ServerArgs,
        error::{Exit, Failure},
        session::Session,
        verified,
        words::Teller,
    },
    client::Event,
    statement::wire,
};

/// Follow a ledger: each entry as it is admitted, each checkpoint that covers them
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  counterfoil watch agr1...
  counterfoil watch agr1... --from 12 --count 3 --json")]
pub(super) struct WatchArgs {
    /// The agreement, agr1... or its beginning [setting: agreement]
    #[arg(value_name = "AGREEMENT")]
    agreement: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// The first entry wanted: to go on, the one after the last seen [default: the next one]
    #[arg(long, value_name = "ENTRY")]
    from: Option<u64>,
    /// End after so many entries, with the checkpoint that covers them
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
}

pub(super) fn run(args: &WatchArgs, session: &mut Session) -> Result<Exit, Failure> {
    args.server.apply(&mut session.settings);
    let mut places = Vec::new();
    let ledger = verified::open_each(session, args.agreement.as_deref(), |entry| {
        places.extend(entry.signed.map(|signed| (signed.id(), entry.index)));
    })?;
    let (id, size) = (ledger.agreement.id(), ledger.agreement.size());
    let Some(mut connection) = ledger.connection else {
        return Err(Failure::usage("a file does not grow").hint("give the agreement: agr1..."));
    };
    let verifier = connection.trust_log_of(session, id)?;
    let from = args.from.unwrap_or(size);
    let mut teller = Teller::of(&ledger.agreement);
    // The first entry founded what all others speak of.
    places.into_iter().skip(1).for_each(|(id, index)| teller.learn(id, index));
    session.output.note(format!("Watching {id} from entry {from} on; interrupt to end."));
    let mut watch = session.wait(connection.client.watch(id, from, Some(&verifier)))?;
    let end = args.count.map(|count| from.saturating_add(count));
    loop {
        match session.wait(watch.next())? {
            // Whatever came in while they were read is covered by the same checkpoint; it was not asked for.
            Event::Entry { index, .. } if end.is_some_and(|end| index >= end) => {}
            Event::Entry { index, entry } => {
                // What the law lets in, the server knows; who watches checks at least that somebody signed it.
                let signed = wire::open(&entry.envelope).map_err(|cause| {
                    Failure::new(Exit::Unverified, format!("entry {index} holds no statement that anybody signed"))
                        .because(cause)
                })?;
                let (party, says) = (teller.party(signed.statement().signer), teller.line(&signed.statement().body));
                let value = || {
                    json!({
                        "entry": index, "admitted": entry.admitted.to_string(), "statement": signed.id().to_string(),
                        "kind": signed.statement().body.kind().as_str(), "party": party, "says": says,
                    })
                };
                teller.learn(signed.id(), index);
                session.output.answer_line(value, || format!("{index:>6}  {}  {party} {says}", entry.admitted))?;
            }
            Event::Checkpoint(checkpoint) => {
                let (size, root) = (checkpoint.checkpoint().size.get(), checkpoint.checkpoint().root.to_string());
                let value = || -> Value { json!({ "checkpoint": size, "root": root }) };
                session.output.answer_line(value, || format!("        checkpoint: {size} entries, root {root}"))?;
                if end.is_some_and(|end| size >= end) {
                    return Ok(Exit::Done);
                }
            }
        }
    }
}
