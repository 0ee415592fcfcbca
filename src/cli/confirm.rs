//! `confirm`: a party confirms what another one reported: benefits, reversals, costs and payments.

use std::collections::HashMap;

use clap::Args;

use crate::{
    agreement::{Agreement, money::costs::CostState, state::BenefitState},
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        ids::{self, Named},
        session::Session,
        signing::Signer,
        words::{self, Teller},
    },
    statement::{
        BenefitConfirmation, Body, ReversalConfirmation, Signed,
        id::StatementId,
        money::{CostConfirmation, PaymentConfirmation},
    },
};

/// Confirm what another party reported: benefits, reversals, costs, payments to you
#[derive(Args, Debug)]
#[command(
    after_help = "Look at the evidence before you confirm: the ledger keeps its digest, the reporter the file. A payment \
is confirmed by who received it.

Examples:
  counterfoil confirm 7 --key community.key
  counterfoil confirm --all --key community.key"
)]
pub(super) struct ConfirmArgs {
    /// The benefits, reversals, costs and payments: their entries, or st1...
    #[arg(required_unless_present = "all", value_name = "ENTRY|ID")]
    ids: Vec<String>,
    /// Everything that other parties reported and nobody has confirmed
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &ConfirmArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mut said = HashMap::new();
    let mut signer = Signer::begin_each(session, &args.sign, args.agreement.agreement.as_deref(), |entry| {
        let reports = entry.signed.filter(|signed| is_report(&signed.statement().body));
        said.extend(reports.map(|signed| (signed.id(), (entry.index, signed.clone()))));
    })?;
    let agreement = signer.agreement();
    let reported = if args.all { waiting(agreement, signer.party) } else { named(agreement, &args.ids)? };
    let teller = Teller::of(agreement);
    let named: Vec<words::Named> =
        reported.ids().filter_map(|id| said.get(id)).map(|said| named_of(&teller, said)).collect();
    let bodies = reported.bodies();
    if bodies.is_empty() {
        return Err(Failure::usage("nothing waits to be confirmed by you")
            .hint("`counterfoil benefits` and `counterfoil costs` list what was reported"));
    }
    let of_payments = bodies.iter().all(|body| matches!(body, Body::PaymentConfirmation(_)));
    signer.show_named(&named);
    signer.say(bodies, "", |_, _| {
        Some(if of_payments {
            "what is still owed: counterfoil balances".to_owned()
        } else {
            "it enters the next settlement: `counterfoil split` shows it, `counterfoil settle` states it".to_owned()
        })
    })
}

/// Whether it is something that another party confirms.
const fn is_report(body: &Body) -> bool {
    matches!(body, Body::Benefit(_) | Body::Reversal(_) | Body::Cost(_) | Body::Payment(_))
}

/// Returns what was reported, to be shown to who confirms it.
fn named_of(teller: &Teller<'_>, (index, signed): &(u64, Signed)) -> words::Named {
    let statement = signed.statement();
    words::Named { index: *index, party: teller.party(statement.signer), body: statement.body.clone() }
}

/// How many one statement names.
const NAMED_MAX: usize = 1_000;

/// What was reported, by kind.
#[derive(Debug, Default)]
struct Reported {
    benefits: Vec<StatementId>,
    reversals: Vec<StatementId>,
    costs: Vec<StatementId>,
    payments: Vec<StatementId>,
}

impl Reported {
    /// Returns all of it, by kind.
    fn ids(&self) -> impl Iterator<Item = &StatementId> {
        [&self.benefits, &self.reversals, &self.costs, &self.payments].into_iter().flatten()
    }

    /// Returns the statements that confirm all of it.
    fn bodies(self) -> Vec<Body> {
        let parts = |ids: Vec<StatementId>| ids.chunks(NAMED_MAX).map(<[StatementId]>::to_vec).collect::<Vec<_>>();
        let benefits = parts(self.benefits).into_iter();
        let reversals = parts(self.reversals).into_iter();
        let costs = parts(self.costs).into_iter();
        let payments = parts(self.payments).into_iter();
        benefits
            .map(|benefits| Body::BenefitConfirmation(BenefitConfirmation { benefits }))
            .chain(reversals.map(|reversals| Body::ReversalConfirmation(ReversalConfirmation { reversals })))
            .chain(costs.map(|costs| Body::CostConfirmation(CostConfirmation { costs })))
            .chain(payments.map(|payments| Body::PaymentConfirmation(PaymentConfirmation { payments })))
            .collect()
    }
}

fn waiting(agreement: &Agreement, party: usize) -> Reported {
    let mut found = Reported::default();
    for view in agreement.benefits().filter(|view| view.reporter != party) {
        if view.state == BenefitState::Reported {
            found.benefits.push(view.id);
        }
        let waiting = view.reversals().filter(|reversal| reversal.state == BenefitState::Reported);
        found.reversals.extend(waiting.map(|reversal| reversal.id));
    }
    let costs = agreement.costs().into_iter().filter(|cost| cost.party != party && cost.state == CostState::Reported);
    found.costs.extend(costs.map(|cost| cost.id));
    let payments = agreement.open_payments().into_iter().filter(|payment| payment.payee == party);
    found.payments.extend(payments.map(|payment| payment.id));
    found
}

fn named(agreement: &Agreement, texts: &[String]) -> Result<Reported, Failure> {
    let benefits: Vec<Named> = agreement.benefits().map(|view| (view.index, view.id)).collect();
    let reversals: Vec<Named> = agreement
        .benefits()
        .flat_map(|view| view.reversals.into_iter().map(|reversal| (reversal.index, reversal.id)))
        .collect();
    let costs: Vec<Named> = agreement.costs().iter().map(|cost| (cost.index, cost.id)).collect();
    let payments: Vec<Named> = agreement.open_payments().iter().map(|payment| (payment.index, payment.id)).collect();
    let mut found = Reported::default();
    for text in texts {
        let all = [&benefits, &reversals, &costs, &payments];
        let id = ids::find(text, "benefit", all.into_iter().flatten().copied()).map_err(|failure| {
            let says = failure.says.replace("is no benefit", "is nothing that could be confirmed");
            Failure { says, ..failure }.hint(
                "benefits, reversals and costs can be confirmed, and payments that wait for you: counterfoil benefits, \
                 counterfoil costs, counterfoil log",
            )
        })?;
        let is_among = |known: &[Named]| known.iter().any(|(_, known)| *known == id);
        let list = if is_among(&reversals) {
            &mut found.reversals
        } else if is_among(&costs) {
            &mut found.costs
        } else if is_among(&payments) {
            &mut found.payments
        } else {
            &mut found.benefits
        };
        if !list.contains(&id) {
            list.push(id);
        }
    }
    Ok(found)
}
