//! `withdraw`: a party takes back what it has said and what is still open: its proposal, a contribution, a challenge, a dispute, a cost,
//! a payment, a nil report, or what it moved.

use clap::Args;

use crate::{
    agreement::Agreement,
    cli::{
        accept::is_negotiated,
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        ids::{self, Named},
        session::Session,
        signing::Signer,
    },
    statement::{Body, ContributionWithdrawal, ProposalWithdrawal, change::Withdrawal, id::StatementId},
};

/// Take back what you have said and what is still open: a proposal, a contribution, a challenge, a dispute, a cost, a payment, a nil
/// report, what you moved
#[derive(Args, Debug)]
#[command(
    after_help = "A contribution can be withdrawn until a settlement has counted it; its entry stays in the ledger. A challenge or a \
dispute is over when who opened it takes it back; what was held for it is then paid as it stands. A cost or payment can be \
withdrawn until another party has confirmed it, a nil report until its period is closed.

Examples:
  counterfoil withdraw 12 --reason \"claimed twice\" --key community.key
  counterfoil withdraw 47 --reason \"we agree now\" --key community.key
  counterfoil withdraw agr1qqq... --key community.key"
)]
pub(super) struct WithdrawArgs {
    /// What you take back: its entry, or st1...; or the agreement whose proposal you take back, agr1...
    #[arg(value_name = "AGREEMENT|ENTRY|ID")]
    id: String,
    /// Why, for the other parties
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &WithdrawArgs, session: &mut Session) -> Result<Exit, Failure> {
    let reason = args.reason.clone();
    let whole = args.id.starts_with("agr1");
    let agreement = if whole { Some(args.id.as_str()) } else { args.agreement.agreement.as_deref() };
    let mut nil_reports = Vec::new();
    let mut signer = Signer::begin_each(session, &args.sign, agreement, |entry| {
        let nil = entry.signed.filter(|signed| matches!(signed.statement().body, Body::NilReport(_)));
        nil_reports.extend(nil.map(|signed| (entry.index, signed.id())));
    })?;
    // The live terms: a counter-proposal takes the place of the proposal.
    let proposal = signer.agreement().terms_id();
    if whole || (is_negotiated(signer.agreement()) && args.id == proposal.to_string()) {
        let body = Body::ProposalWithdrawal(ProposalWithdrawal { proposal, reason });
        return signer.say(vec![body], "", |_, _| {
            Some("the proposal has lapsed; a new one founds a new agreement: counterfoil propose".to_owned())
        });
    }
    let open = signer.agreement().open_nil_reports();
    nil_reports.retain(|(_, id)| open.contains(id));
    if let Some(statement) = open_matter(signer.agreement(), &nil_reports, &args.id) {
        signer.learn(&nil_reports);
        let body = Body::Withdrawal(Withdrawal { statement, reason });
        return signer.say(vec![body], "", |_, _| {
            Some("it is as if it had not been said, but its entry stays: counterfoil log".to_owned())
        });
    }
    let known = signer.agreement().contributions().map(|view| (view.index, view.id));
    let contribution = ids::find(&args.id, "contribution", known).map_err(|failure| {
        let says = failure.says.replace("is no contribution", "is nothing that can be taken back");
        Failure { says, ..failure }.hint(TAKEN_BACK)
    })?;
    let body = Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason });
    signer.say(vec![body], "", |_, _| {
        Some(
            "it counts no more from here on; what settlements have counted stands: counterfoil contributions"
                .to_owned(),
        )
    })
}

const TAKEN_BACK: &str = "what can be taken back: contributions, challenges and disputes, costs and payments that nobody has \
                          confirmed, nil reports of periods that are not closed, and what waits for others: counterfoil motions";

/// Finds something that is open and no contribution.
fn open_matter(agreement: &Agreement, nil_reports: &[Named], text: &str) -> Option<StatementId> {
    let disputes = agreement.disputes().map(|case| (case.index, case.id));
    let motions = agreement.motions().map(|motion| (motion.index, motion.id));
    let challenges = agreement.challenges().map(|challenge| (challenge.index, challenge.id));
    let costs = agreement.costs().into_iter().map(|cost| (cost.index, cost.id));
    let payments = agreement.open_payments().into_iter().map(|payment| (payment.index, payment.id));
    let money = costs.chain(payments).chain(nil_reports.iter().copied());
    ids::find(text, "dispute", disputes.chain(motions).chain(challenges).chain(money)).ok()
}
