//! `demo`: a whole agreement in one command, from its proposal to an audit that finds a changed byte.

mod ending;
mod history;
mod narrator;
mod stage;
mod story;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{
    demo::{history::HistoryArgs, narrator::Narrator, stage::Stage},
    error::{Exit, Failure},
    session::Session,
};

/// Walk through a whole agreement on this machine, from the proposal to an audit
#[derive(Args, Debug)]
#[command(
    after_help = "A server starts in this process, with a store of its own in a folder that is removed at the end. \
Three parties propose, accept, contribute, attest, report and settle over gRPC; then the ledger is exported and audited, \
one byte of the file is changed, and it is audited again.

Examples:
  counterfoil demo
  counterfoil demo --keep tried"
)]
pub(super) struct DemoArgs {
    /// Keep everything in a new folder: keys, store, terms and both files
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    history: HistoryArgs,
}

pub(super) fn run(args: &DemoArgs, session: &mut Session) -> Result<Exit, Failure> {
    let played: Result<Value, Failure> = session.wait(async {
        tokio::select! {
            played = play(args, session) => played,
            // So that nothing is left behind.
            _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Fault, "interrupted")),
        }
    });
    let value = played?;
    if session.output.is_json() {
        session.output.answer(|| value, String::new)?;
    }
    Ok(Exit::Done)
}

async fn play(args: &DemoArgs, session: &Session) -> Result<Value, Failure> {
    // Before anything starts: a mistake in the file is told at once.
    let history = args.history.read()?;
    let is_story = history.is_none();
    let mut narrator = Narrator::new(session.output);
    let mut stage = Stage::open(args.keep.as_deref()).await?;
    let address = stage.address;
    narrator.step(&format!("A server starts on {address}, with a store and a log key of its own."));
    let played = match history {
        None => story::play(&mut stage, &mut narrator).await?,
        Some(history) => history::play(&mut stage, &mut narrator, history, &session.output).await?,
    };
    narrator.text("");
    let bytes = ending::export(&mut stage, &mut narrator).await?;
    let audited = ending::audit(&stage, &mut narrator, &bytes)?;
    let changed = if is_story { Some(ending::tamper(&stage, &mut narrator, &bytes, FORGED_QUANTITY)?) } else { None };
    let value = json!({
        "agreement": stage.id()?.to_string(),
        "played": played,
        "audit": audited,
        "changed": changed,
        "kept": args.keep,
    });
    let folder = stage.close().await?;
    if folder.is_kept() && is_story {
        ending::keep_terms(&folder.path, story::TERMS)?;
    }
    narrator.text("");
    next_steps(&mut narrator, args);
    narrator.end()?;
    Ok(value)
}

/// What the quantity of a contribution is changed to at the end.
const FORGED_QUANTITY: u64 = 96;

fn next_steps(narrator: &mut Narrator, args: &DemoArgs) {
    narrator.text("Next:");
    match &args.keep {
        Some(folder) => {
            let folder = folder.display();
            for (what, why) in [
                (format!("audit {folder}/demo.counterfoil"), "the audit, by yourself"),
                (format!("account {folder}/demo.counterfoil"), "the statement of account"),
                (format!("explain {folder}/demo.counterfoil --party community"), "every cent, down to its entries"),
                (format!("serve --store {folder}/store"), "go on with it: the parties' keys are there"),
            ] {
                narrator.line(&format!("counterfoil {what:<45} {why}"));
            }
        }
        None => narrator.line("counterfoil demo --keep tried     the same, and keys, store and files stay"),
    }
    narrator.line("counterfoil propose --example     an agreement to fill in, explained line by line");
    narrator.line("counterfoil simulate --help       what an agreement would have made of last year");
}
