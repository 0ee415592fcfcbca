//! The law of an agreement: a pure fold over what its parties signed.
//!
//! [`Agreement::admit`] decides whether a statement may enter and changes nothing; [`Agreement::apply`] takes in what
//! was admitted and cannot fail. The sequencer calls the two to write, the auditor to replay. What each kind of statement
//! does to each state is in [`table`]; why it may be refused, and in which order, in [`refusal`].
//!
//! Knows parties and what they may say; never where it is kept. No clock: every call is told the time. The cost of an
//! entry does not grow with the ledger; nor does the memory, for whom old entries are put away ([`put_away`]).

pub mod attestation;
pub mod benefit;
pub mod contribution;
mod directory;
pub mod example;
pub mod explain;
mod negotiation;
pub mod put_away;
pub mod refusal;
pub mod settle;
pub mod settlement;
pub mod state;
pub mod table;
pub mod terms;

use std::sync::Arc;

use crate::{
    agreement::{
        benefit::Benefits,
        contribution::Contributions,
        directory::{Directory, Speaker},
        negotiation::Negotiation,
        refusal::{Refusal, settlement::SettlementRefusal, terms::TermsFault},
        settle::{Account, Books},
        settlement::Settlements,
        state::Phase,
    },
    keys::PublicKey,
    statement::{
        Body, Kind, Signed,
        id::{AgreementId, StatementId},
        terms::{Name, Party, Terms},
    },
    time::Timestamp,
};

/// An agreement as its ledger's entries made it. No `Default`: an agreement without a proposal does not exist.
#[derive(Clone, Debug)]
pub struct Agreement {
    id: AgreementId,
    /// Shared with copies: terms never change.
    terms: Arc<Terms>,
    directory: Arc<Directory>,
    size: u64,
    last_admitted: Timestamp,
    negotiation: Negotiation,
    contributions: Contributions,
    benefits: Benefits,
    settlements: Settlements,
    books: Books,
    /// How often something was forgotten; never: everything is at hand.
    forgotten: u64,
}

/// Leave to change an agreement. Only [`Agreement::admit`] makes one.
#[must_use = "an admission changes nothing until applied"]
#[derive(Debug)]
pub struct Admission {
    agreement: AgreementId,
    /// What was forgotten then.
    forgotten: u64,
    /// The index the entry gets.
    index: u64,
    statement: StatementId,
    at: Timestamp,
    change: Change,
}

/// What a statement does.
#[derive(Debug)]
enum Change {
    Negotiation(negotiation::Change),
    Contribution(contribution::Change),
    Benefit(benefit::Change),
    Settlement(Box<settlement::Change>),
}

/// How far a party has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyAcceptance<'a> {
    /// The party.
    pub party: &'a Party,
    /// The keys that have accepted, in ledger order; the proposer's key is the first of its party.
    pub keys: &'a [PublicKey],
    /// How many must.
    pub needed: u32,
}

impl Agreement {
    /// Founds an agreement by its first entry, admitted at `at`.
    ///
    /// Errors: [`Refusal`]. The checkpoint the signer saw is checked before, by [`refusal::check_seen`].
    pub fn found(signed: &Signed, at: Timestamp) -> Result<Self, Refusal> {
        let statement = signed.statement();
        let Body::Proposal(terms) = &statement.body else {
            return Err(Refusal::NotFounded { kind: statement.body.kind() });
        };
        let id = AgreementId::from(signed.id());
        if signed.agreement() != id {
            return Err(Refusal::OtherAgreement { expected: id, found: signed.agreement() });
        }
        let directory = Directory::new(terms);
        let speaker = speaker(&directory, terms, statement.signer, Kind::Proposal)?;
        terms::check_with(terms, &directory)?;
        if let Some(deadline) = terms.acceptance_deadline.filter(|deadline| *deadline < at) {
            return Err(TermsFault::DeadlinePassed { deadline, at }.into());
        }
        Ok(Self {
            id,
            size: 1,
            last_admitted: at,
            negotiation: Negotiation::open(terms, signed.id(), speaker),
            contributions: Contributions::new(terms),
            benefits: Benefits::new(terms),
            settlements: Settlements::default(),
            books: Books::new(terms),
            terms: Arc::new(terms.clone()),
            directory: Arc::new(directory),
            forgotten: 0,
        })
    }

    /// Decides whether `signed` may enter at `at` as the next entry. Changes nothing.
    ///
    /// Errors: [`Refusal`]: the first guard that says no. The checkpoint the signer saw is checked before, by
    /// [`refusal::check_seen`]. Whether the same statement is in the ledger already is known as long as nothing was
    /// forgotten; who keeps an agreement that forgets has looked it up before.
    ///
    /// # Panics
    ///
    /// If something is [`Self::wanted`]: a verdict without it could be wrong.
    pub fn admit(&self, signed: &Signed, at: Timestamp) -> Result<Admission, Refusal> {
        let (statement, said_id) = (signed.statement(), signed.id());
        if signed.agreement() != self.id {
            return Err(Refusal::OtherAgreement { expected: self.id, found: signed.agreement() });
        }
        if let Some(index) = self.index_of(said_id) {
            return Err(Refusal::AlreadyRecorded { statement: said_id, index });
        }
        if at < self.last_admitted {
            return Err(Refusal::TimeRanBack { at, last: self.last_admitted });
        }
        let kind = statement.body.kind();
        let speaker = speaker(&self.directory, &self.terms, statement.signer, kind)?;
        self.check_phase(kind, at)?;
        assert!(self.wanted(signed).is_empty(), "what is wanted is recalled before it is judged");
        let said = Said { id: said_id, index: self.size, at, speaker };
        let change = match &statement.body {
            Body::Proposal(_) => return Err(Refusal::AlreadyFounded),
            Body::Acceptance(body) => Change::Negotiation(self.negotiation.accept(said, body)?),
            Body::Decline(body) => Change::Negotiation(self.negotiation.decline(said, body, &self.terms)?),
            Body::ProposalWithdrawal(body) => {
                Change::Negotiation(self.negotiation.withdraw(said, body, &self.terms)?)
            }
            Body::Contribution(body) => Change::Contribution(self.claim(said, body)?),
            Body::ContributionWithdrawal(body) => Change::Contribution(self.withdraw(said, body)?),
            Body::Attestation(body) => Change::Contribution(self.attest(said, body)?),
            Body::Benefit(body) => Change::Benefit(self.report(said, body)?),
            Body::BenefitConfirmation(body) => Change::Benefit(self.confirm_benefits(said, body)?),
            Body::Reversal(body) => Change::Benefit(self.reverse(said, body)?),
            Body::ReversalConfirmation(body) => Change::Benefit(self.confirm_reversals(said, body)?),
            Body::Settlement(body) => Change::Settlement(Box::new(self.settle(said, body)?)),
        };
        let forgotten = self.forgotten;
        Ok(Admission { agreement: self.id, forgotten, index: said.index, statement: said.id, at, change })
    }

    /// Takes in what was admitted. Cannot fail: whatever could was checked in [`Self::admit`].
    ///
    /// # Panics
    ///
    /// If something else was applied or something was forgotten since, or the admission is another agreement's: what was checked is then not so.
    pub fn apply(&mut self, admission: Admission) {
        let Admission { agreement, forgotten, index, statement, at, change } = admission;
        let now = (self.id, self.forgotten, self.size);
        assert_eq!((agreement, forgotten, index), now, "what was admitted is applied to what it was admitted to");
        let entry = Entry { id: statement, index, at };
        let whole = !self.has_forgotten();
        match change {
            Change::Negotiation(change) => self.negotiation.apply(change, &self.terms),
            Change::Contribution(change) => self.contributions.apply(entry, change, &mut self.books, whole),
            Change::Benefit(change) => self.benefits.apply(entry, change, &mut self.books, whole),
            Change::Settlement(change) => self.settlements.apply(entry, *change, &mut self.books, whole),
        }
        self.size += 1;
        self.last_admitted = at;
    }

    /// Leaves the next entry its place, without any effect: for readers of a ledger that holds what the law refuses, and
    /// who want to see the rest of it.
    pub const fn pass_over(&mut self) {
        self.size += 1;
    }

    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> AgreementId {
        self.id
    }

    /// Returns the terms.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Returns the number of entries taken in, the founding one included: the ledger's tree size.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns when the last entry was admitted; the next may not be earlier.
    #[must_use]
    pub const fn last_admitted(&self) -> Timestamp {
        self.last_admitted
    }

    /// Returns where the agreement stands at `now`: a proposal not accepted in time has lapsed, though no entry says so.
    #[must_use]
    pub fn phase_at(&self, now: Timestamp) -> Phase {
        self.negotiation.phase_at(now, &self.terms)
    }

    /// Returns how far each party has accepted, in the order of the terms.
    pub fn acceptances(&self) -> impl ExactSizeIterator<Item = PartyAcceptance<'_>> {
        self.terms.parties.iter().enumerate().map(|(party, terms)| PartyAcceptance {
            party: terms,
            keys: self.negotiation.accepted_by(party),
            needed: terms.govern_threshold,
        })
    }

    /// Returns the keys that have declined and not accepted since, in their own order.
    pub fn declined(&self) -> impl ExactSizeIterator<Item = PublicKey> {
        self.negotiation.declined()
    }

    /// Returns the position of the party a key belongs to.
    #[must_use]
    pub fn party_of(&self, key: PublicKey) -> Option<usize> {
        self.directory.speaker(key).map(|speaker| speaker.party)
    }

    /// Computes what a settlement covering the entries before `tree_size` says: at any size after the last settlement's
    /// up to [`Self::size`]. Older ones are computed by folding fewer entries.
    ///
    /// Errors: [`Refusal`], as a settlement at this size would get.
    ///
    /// # Panics
    ///
    /// If something is [`Self::wanted_at`] this size.
    pub fn account_at(&self, tree_size: u64) -> Result<Account, Refusal> {
        if tree_size > self.size {
            return Err(SettlementRefusal::TooNew { tree_size, size: self.size }.into());
        }
        Ok(self.books.account_at(&self.terms, tree_size)?)
    }

    /// Returns the entry of a contribution, benefit or reversal: what others could take for two if it came in twice. Any
    /// other statement finds what it did the first time, and is refused for that.
    fn index_of(&self, id: StatementId) -> Option<u64> {
        self.contributions.index_of(id).or_else(|| self.benefits.index_of(id))
    }

    fn check_phase(&self, kind: Kind, at: Timestamp) -> Result<(), Refusal> {
        let phase = self.phase_at(at);
        match (kind, phase) {
            (Kind::Proposal, _) => Err(Refusal::AlreadyFounded),
            (Kind::Acceptance | Kind::Decline | Kind::ProposalWithdrawal, Phase::Negotiating) => Ok(()),
            (Kind::Acceptance | Kind::Decline | Kind::ProposalWithdrawal, _) => {
                match self.negotiation.expired(at, &self.terms) {
                    Some(deadline) => Err(Refusal::ProposalExpired { kind, deadline, at }),
                    None => Err(Refusal::NotNegotiating { kind, phase }),
                }
            }
            (_, Phase::InForce) => Ok(()),
            (_, Phase::Negotiating | Phase::Lapsed) => Err(Refusal::NotInForce { kind, phase }),
        }
    }

    fn party_name(&self, party: usize) -> Name {
        self.terms.parties[party].name.clone()
    }
}

/// What every guard may ask about a statement that is to enter.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    id: StatementId,
    /// The index its entry would get.
    index: u64,
    at: Timestamp,
    speaker: Speaker<'a>,
}

/// What every change may say about its entry.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: StatementId,
    index: u64,
    at: Timestamp,
}

fn speaker<'a>(directory: &'a Directory, terms: &Terms, signer: PublicKey, kind: Kind) -> Result<Speaker<'a>, Refusal> {
    let speaker = directory.speaker(signer).ok_or(Refusal::SignerNotParty { signer })?;
    match table::scope_needed(kind) {
        Some(scope) if !speaker.scopes.contains(&scope) => {
            let party = terms.parties[speaker.party].name.clone();
            Err(Refusal::ScopeMissing { signer, party, scope, kind })
        }
        _ => Ok(speaker),
    }
}
