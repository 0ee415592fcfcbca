//! The law driven statement by statement: tables, precedence, abuse, books, and histories nobody thought of.

mod abuse;
mod artifacts;
mod beforehand;
mod books;
mod completion;
mod explain;
mod guards;
pub(crate) mod history;
mod hostile;
mod mediators;
mod money;
mod money_history;
mod phases;
mod put_away;
mod recalled;
mod sharing;
mod table;
pub(crate) mod whole;
mod work;
mod work_disputes;
mod work_limits;
mod work_put_away;

use counterfoil::{
    agreement::{Agreement, refusal::Refusal},
    digest::Digest,
    split::Ratio,
    statement::{
        Acceptance, Artifact, Attestation, Benefit, BenefitConfirmation, Body, Contribution, ContributionWithdrawal,
        Decline, ProposalWithdrawal, Reversal, ReversalConfirmation, SeenCheckpoint, Settlement, Signed, Statement,
        Verdict,
        id::{AgreementId, StatementId},
        terms::{Role, Terms},
        wire,
    },
    time::Timestamp,
};

use crate::stories::terms;

/// An agreement under test, with the clock of its log.
#[derive(Clone)]
pub(crate) struct Law {
    agreement: Agreement,
    proposal: Signed,
    clock: Timestamp,
    spoken: u64,
}

const START_MS: u64 = 1_767_268_800_000;
const MINUTE_MS: u64 = 60_000;

fn ms(ms: u64) -> Timestamp {
    Timestamp::from_ms(ms).unwrap()
}

/// Reads terms as the head of a story has them.
pub(crate) fn terms(head: &str) -> Terms {
    let lines: Vec<Vec<&str>> = head.lines().map(|line| line.split_whitespace().collect()).collect();
    terms::read(lines.iter().map(Vec::as_slice).filter(|line| !line.is_empty())).unwrap()
}

/// Adds a party that has done nothing yet.
fn add_guest(terms: &mut Terms) {
    let mut guest = terms.parties[2].clone();
    (guest.name, guest.role) = ("guest".parse().unwrap(), Role::Individual);
    guest.keys[0].key = terms::secret("guest").public();
    terms.parties.push(guest);
    for dimension in &mut terms.dimensions {
        dimension.default_shares.push(Ratio::ZERO);
        dimension.coefficients.push(Ratio::ONE);
    }
}

/// Signs as `who`; the `number` makes equal statements distinct.
fn sign(who: &str, agreement: Option<AgreementId>, number: u64, body: Body) -> Signed {
    let key = terms::secret(who);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let signer = key.public();
    // A closing must say what its signer has seen; whether it did, is asked elsewhere.
    let seen = matches!(body, Body::Closing(_)).then(|| SeenCheckpoint { tree_size: 1, root: Digest::of(&[b"seen"]) });
    let statement = Statement { agreement, signer, nonce, claimed_time: ms(START_MS), seen, body };
    wire::open(&wire::sign(&statement, &key).unwrap()).unwrap()
}

impl Law {
    /// Proposed by the first party, accepted by nobody else.
    fn proposed(terms: &Terms) -> Self {
        let proposer = terms.parties[0].name.as_str();
        let proposal = sign(proposer, None, 0, Body::Proposal(terms.clone()));
        let clock = ms(START_MS);
        let agreement = Agreement::found(&proposal, clock).unwrap();
        Self { agreement, proposal, clock, spoken: 0 }
    }

    /// Accepted by all.
    fn in_force(terms: &Terms) -> Self {
        let mut law = Self::proposed(terms);
        for party in &terms.parties[1..] {
            law.say(party.name.as_str(), law.acceptance()).unwrap();
        }
        law
    }

    fn sign(&mut self, who: &str, body: Body) -> Signed {
        self.spoken += 1;
        self.clock = ms(self.clock.as_ms() + MINUTE_MS);
        sign(who, Some(self.agreement.id()), self.spoken, body)
    }

    fn enter(&mut self, signed: &Signed) -> Result<StatementId, Refusal> {
        let admission = self.agreement.admit(signed, self.clock)?;
        self.agreement.apply(admission);
        Ok(signed.id())
    }

    fn say(&mut self, who: &str, body: Body) -> Result<StatementId, Refusal> {
        let signed = self.sign(who, body);
        self.enter(&signed)
    }

    fn acceptance(&self) -> Body {
        Body::Acceptance(Acceptance { proposal: self.proposal.id() })
    }

    fn decline(&self) -> Body {
        Body::Decline(Decline { proposal: self.proposal.id(), reason: String::new() })
    }

    fn proposal_withdrawal(&self) -> Body {
        Body::ProposalWithdrawal(ProposalWithdrawal { proposal: self.proposal.id(), reason: String::new() })
    }

    /// A settlement at `tree_size` as it must be.
    fn settlement(&self, tree_size: u64) -> Settlement {
        self.agreement.account_at(tree_size).unwrap().settlement
    }

    fn settle(&mut self, who: &str) {
        let settlement = self.settlement(self.agreement.size());
        self.say(who, Body::Settlement(settlement)).unwrap();
    }

    fn shares(&self) -> Vec<String> {
        let account = self.agreement.account_at(self.agreement.size()).unwrap();
        account.shares.shares.iter().map(|share| counterfoil::split::exact_text(&share)).collect()
    }
}

fn contribution(party: &str, quantity: Ratio) -> Contribution {
    Contribution {
        party: party.parse().unwrap(),
        unit: "hour".parse().unwrap(),
        quantity,
        work_start: ms(START_MS),
        work_end: ms(START_MS),
        artifacts: Vec::<Artifact>::new(),
        note: String::new(),
        task: None,
    }
}

fn hours(party: &str, hours: u64) -> Body {
    Body::Contribution(contribution(party, Ratio::new(hours, 1).unwrap()))
}

fn accept(contribution: StatementId) -> Body {
    judge(contribution, Verdict::Accepted { quality: Ratio::ONE, unplanned: false })
}

fn judge(contribution: StatementId, verdict: Verdict) -> Body {
    let reason = "a reason".to_owned();
    Body::Attestation(Attestation { contributions: vec![contribution], verdict, reason })
}

fn withdraw(contribution: StatementId) -> Body {
    Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason: String::new() })
}

fn sales(amount: u64) -> Body {
    Body::Benefit(Benefit {
        stream: "sales".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        amount,
        period_start: ms(START_MS),
        period_end: ms(START_MS),
        evidence: Digest::of(&[]),
        note: String::new(),
    })
}

fn confirm(benefit: StatementId) -> Body {
    Body::BenefitConfirmation(BenefitConfirmation { benefits: vec![benefit] })
}

fn reverse(benefit: StatementId, amount: u64) -> Body {
    Body::Reversal(Reversal { benefit, amount, evidence: Digest::of(&[]), note: String::new() })
}

fn confirm_reversal(reversal: StatementId) -> Body {
    Body::ReversalConfirmation(ReversalConfirmation { reversals: vec![reversal] })
}

fn unknown() -> StatementId {
    StatementId::from_digest(Digest::of(&[b"nothing"]))
}
