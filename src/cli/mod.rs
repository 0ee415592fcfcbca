//! The command line: one file per verb.
//!
//! Standard output is the answer, standard error the talk. A verb that changes something says what changed and what to
//! do next; a verb that reads believes nothing that it has not verified itself. Exit codes are in [`error::Exit`].

pub mod amount;
mod args;
mod bulk;
pub mod case_file;
mod checkpoint_files;
pub mod config;
mod connection;
pub mod csv_file;
pub mod csv_rows;
mod digests;
mod doubts;
mod envelope_file;
pub mod error;
mod failures;
mod figures;
mod guarding;
mod home;
mod ids;
pub mod key_file;
mod known_logs;
pub mod output;
pub mod period;
pub mod plan_toml;
mod refusals;
pub mod remedies;
pub mod session;
mod signing;
mod standing;
pub mod statement_of_account;
mod store_place;
pub mod table;
pub mod terms_toml;
pub mod toml_file;
mod verbs;
mod verified;
mod words;

mod accept;
mod account;
mod acknowledge;
mod amend;
mod attest;
mod audit;
mod backup;
mod balances;
mod benefit;
mod benefits;
mod challenge;
mod close;
mod close_period;
mod completions;
mod confirm;
mod consent;
mod contribute;
mod contributions;
mod cost;
mod costs;
mod counter;
mod decline;
mod demo;
mod dispute;
mod disputes;
mod evidence;
mod exit;
mod explain;
mod export;
mod feedback;
mod fsck;
mod key;
mod log;
mod maintain;
mod man;
mod mediator;
mod motions;
mod needs;
mod nil_report;
mod offer;
mod pay;
mod periods;
mod plan;
mod propose;
mod restore;
mod reverse;
mod risk;
mod rule;
mod serve;
mod settle;
mod settlements;
mod show;
mod simulate;
mod split;
mod standstill;
mod submit;
mod trial;
mod verify;
mod watch;
mod withdraw;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::cli::{
    config::{Settings, Word},
    error::{Exit, Failure},
    output::Output,
    session::Session,
};

/// The book between parties who build together: signed contributions, an append-only ledger, an exact split.
#[derive(Debug, Parser)]
#[command(name = "counterfoil", version, max_term_width = 100, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    verb: Verb,
}

/// Flags of every verb.
#[derive(Args, Debug)]
#[command(next_help_heading = "Everywhere")]
struct Everywhere {
    /// Answer in JSON
    #[arg(long, global = true, display_order = 1_000)]
    json: bool,
    /// Say nothing but the answer, and what went wrong
    #[arg(long, short, global = true, display_order = 1_001)]
    quiet: bool,
    /// The file of settings [default: counterfoil.toml in your directory for configuration]
    #[arg(long, global = true, display_order = 1_002, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where your receipts, checkpoints and known log keys are kept
    #[arg(long, global = true, display_order = 1_003, value_name = "DIRECTORY")]
    home: Option<String>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::DemoArgs),
    Simulate(simulate::SimulateArgs),
    Serve(serve::ServeArgs),
    Fsck(fsck::FsckArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Key(key::KeyArgs),
    Propose(propose::ProposeArgs),
    #[command(flatten)]
    Governance(verbs::Governance),
    #[command(flatten)]
    Work(verbs::Work),
    Contribute(contribute::ContributeArgs),
    Attest(attest::AttestArgs),
    Benefit(benefit::BenefitArgs),
    Confirm(confirm::ConfirmArgs),
    Reverse(reverse::ReverseArgs),
    Cost(cost::CostArgs),
    NilReport(nil_report::NilReportArgs),
    ClosePeriod(close_period::ClosePeriodArgs),
    Settle(settle::SettleArgs),
    Acknowledge(acknowledge::AcknowledgeArgs),
    Pay(pay::PayArgs),
    Dispute(dispute::DisputeArgs),
    Evidence(evidence::EvidenceArgs),
    Offer(offer::OfferArgs),
    Rule(rule::RuleArgs),
    Submit(submit::SubmitArgs),
    Show(show::ShowArgs),
    Log(log::LogArgs),
    Contributions(contributions::ContributionsArgs),
    Benefits(benefits::BenefitsArgs),
    Costs(costs::CostsArgs),
    Periods(periods::PeriodsArgs),
    Settlements(settlements::SettlementsArgs),
    Disputes(disputes::DisputesArgs),
    Account(account::AccountArgs),
    Balances(balances::BalancesArgs),
    Split(split::SplitArgs),
    Explain(explain::ExplainArgs),
    Watch(watch::WatchArgs),
    Export(export::ExportArgs),
    Verify(verify::VerifyArgs),
    Audit(audit::AuditArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Verb {
    fn run(self, session: &mut Session) -> Result<Exit, Failure> {
        match self {
            Self::Demo(args) => demo::run(&args, session),
            Self::Simulate(args) => simulate::run(&args, session),
            Self::Serve(args) => serve::run(&args, session),
            Self::Fsck(args) => fsck::run(&args, session),
            Self::Backup(args) => backup::run(&args, session),
            Self::Restore(args) => restore::run(&args, session),
            Self::Key(args) => key::run(&args, session),
            Self::Propose(args) => propose::run(&args, session),
            Self::Governance(verb) => verb.run(session),
            Self::Work(verb) => verb.run(session),
            Self::Contribute(args) => contribute::run(&args, session),
            Self::Attest(args) => attest::run(&args, session),
            Self::Benefit(args) => benefit::run(&args, session),
            Self::Confirm(args) => confirm::run(&args, session),
            Self::Reverse(args) => reverse::run(&args, session),
            Self::Cost(args) => cost::run(&args, session),
            Self::NilReport(args) => nil_report::run(&args, session),
            Self::ClosePeriod(args) => close_period::run(&args, session),
            Self::Settle(args) => settle::run(&args, session),
            Self::Acknowledge(args) => acknowledge::run(&args, session),
            Self::Pay(args) => pay::run(&args, session),
            Self::Dispute(args) => dispute::run(&args, session),
            Self::Evidence(args) => evidence::run(&args, session),
            Self::Offer(args) => offer::run(&args, session),
            Self::Rule(args) => rule::run(&args, session),
            Self::Submit(args) => submit::run(&args, session),
            Self::Show(args) => show::run(&args, session),
            Self::Log(args) => log::run(&args, session),
            Self::Contributions(args) => contributions::run(&args, session),
            Self::Benefits(args) => benefits::run(&args, session),
            Self::Costs(args) => costs::run(&args, session),
            Self::Periods(args) => periods::run(&args, session),
            Self::Settlements(args) => settlements::run(&args, session),
            Self::Disputes(args) => disputes::run(&args, session),
            Self::Account(args) => account::run(&args, session),
            Self::Balances(args) => balances::run(&args, session),
            Self::Split(args) => split::run(&args, session),
            Self::Explain(args) => explain::run(&args, session),
            Self::Watch(args) => watch::run(&args, session),
            Self::Export(args) => export::run(&args, session),
            Self::Verify(args) => verify::run(&args, session),
            Self::Audit(args) => audit::run(&args, session),
            Self::Completions(args) => completions::run(&args, session),
            Self::Man(args) => man::run(&args, session),
        }
    }
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            if exit == Exit::Usage && std::env::args_os().any(|arg| arg == "--json") {
                Output::new(true, false).failure(&not_understood(&error));
            } else {
                // Help and version are answers; that they cannot be written is nobody's loss.
                let _ = error.print();
            }
            return exit.code().into();
        }
    };
    let output = Output::new(cli.everywhere.json, cli.everywhere.quiet);
    let done = Settings::read(cli.everywhere.config.as_deref()).and_then(|mut settings| {
        settings.flag(Word::Home, cli.everywhere.home.as_deref());
        cli.verb.run(&mut Session::new(output, settings))
    });
    match done {
        Ok(exit) => exit.code().into(),
        Err(failure) if failure.is_closed_output() => Exit::Done.code().into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit.code().into()
        }
    }
}

/// Returns a command line that was not understood as a failure like any other: its first paragraph says what, the rest how it is meant.
fn not_understood(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let (says, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let failure = Failure::usage(says.trim_start_matches("error: ").trim_end());
    if rest.trim().is_empty() { failure } else { failure.hint(rest.trim()) }
}

/// Returns the whole command line, for completions and manuals.
fn command() -> clap::Command {
    Cli::command()
}
