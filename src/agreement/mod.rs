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
pub mod calendar;
pub mod change;
mod claimed;
pub mod contribution;
mod course;
mod directory;
pub mod dispute;
pub mod example;
pub mod explain;
mod guard;
mod keyring;
pub mod money;
pub mod motion;
mod negotiation;
pub mod put_away;
pub mod refusal;
pub mod settle;
pub mod settlement;
pub mod standing;
pub mod state;
pub mod table;
mod tally;
pub mod terms;
mod versions;
pub mod without;
pub mod work;

use std::borrow::Cow;

use crate::{
    agreement::{
        benefit::Benefits,
        change::{Appointed, Parting},
        contribution::Contributions,
        course::Course,
        directory::{Directory, Speaker},
        dispute::Disputes,
        keyring::Keyring,
        money::Money,
        motion::{Matter, Motions},
        negotiation::Negotiation,
        refusal::{Refusal, settlement::SettlementRefusal, terms::TermsFault},
        settle::{Account, Books},
        settlement::Settlements,
        state::Phase,
        versions::{Coming, Version, Versions},
        work::Work,
    },
    keys::PublicKey,
    statement::{
        Body, Kind, SeenCheckpoint, Signed,
        id::{AgreementId, StatementId},
        terms::{Name, Party, Terms},
    },
    time::Timestamp,
};

/// An agreement as its ledger's entries made it. No `Default`: an agreement without a proposal does not exist.
#[derive(Clone, Debug)]
pub struct Agreement {
    id: AgreementId,
    versions: Versions,
    size: u64,
    last_admitted: Timestamp,
    course: Course,
    negotiation: Negotiation,
    motions: Motions,
    keyring: Keyring,
    appointed: Option<Appointed>,
    partings: Vec<Parting>,
    contributions: Contributions,
    benefits: Benefits,
    work: Work,
    money: Money,
    disputes: Disputes,
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
    signer: PublicKey,
    at: Timestamp,
    change: Change,
}

/// What a statement does.
#[derive(Debug)]
enum Change {
    Negotiation(negotiation::Change),
    Agreement(change::Change),
    Contribution(contribution::Change),
    Benefit(benefit::Change),
    Work(work::Change),
    Money(money::Change),
    Dispute(dispute::Change),
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
        let version = Version::new(signed.id(), 0, terms.clone());
        let versions = Versions::new(version);
        let directory = &versions.current().directory;
        let speaker = directory.speaker(statement.signer);
        let speaker = speaker.ok_or(Refusal::SignerNotParty { signer: statement.signer })?;
        guard::check_scope(terms, speaker, Kind::Proposal)?;
        terms::check_with(terms, directory)?;
        if let Some(deadline) = terms.acceptance_deadline.filter(|deadline| *deadline < at) {
            return Err(TermsFault::DeadlinePassed { deadline, at }.into());
        }
        let mut agreement = Self {
            id,
            size: 1,
            last_admitted: at,
            course: Course::negotiating(),
            negotiation: Negotiation::open(terms, signed.id(), speaker.party, speaker.key),
            motions: Motions::default(),
            keyring: Keyring::default(),
            appointed: None,
            partings: Vec::new(),
            contributions: Contributions::new(terms),
            benefits: Benefits::new(terms),
            work: Work::default(),
            money: Money::default(),
            disputes: Disputes::default(),
            settlements: Settlements::default(),
            books: Books::new(terms),
            versions,
            forgotten: 0,
        };
        agreement.appoint(terms.mediator.clone(), None);
        Ok(agreement)
    }

    /// Decides whether `signed` may enter at `at` as the next entry. Changes nothing.
    ///
    /// Errors: [`Refusal`]: the first guard that says no. The checkpoint the signer saw is checked before, by
    /// [`refusal::check_seen`]. Whether the same statement is in the ledger already is known as long as nothing was
    /// forgotten; who keeps an agreement that forgets has looked it up before.
    ///
    /// # Panics
    ///
    /// If something is [`Self::wanted`] at that time: a verdict without it could be wrong.
    pub fn admit(&self, signed: &Signed, at: Timestamp) -> Result<Admission, Refusal> {
        self.by(at).judge(signed, at)
    }

    /// Returns the agreement as an entry at `at` finds it, with what time alone has brought until then.
    fn by(&self, at: Timestamp) -> Cow<'_, Self> {
        if at < self.last_admitted || !self.time_brings_something(at) {
            return Cow::Borrowed(self);
        }
        // It is rare: the end of a period, a release, an effective date.
        let mut later = self.clone();
        later.pass_time(at);
        Cow::Owned(later)
    }

    fn judge(&self, signed: &Signed, at: Timestamp) -> Result<Admission, Refusal> {
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
        let speaker = self.speaker_of(statement, at)?;
        self.check_phase(kind, at)?;
        assert!(self.wanted_now(signed, at).is_empty(), "what is wanted is recalled before it is judged");
        let said = Said { id: said_id, index: self.size, at, speaker, seen: statement.seen };
        let change = self.judge_body(said, &statement.body)?;
        let (forgotten, signer) = (self.forgotten, statement.signer);
        Ok(Admission { agreement: self.id, forgotten, index: said.index, statement: said.id, signer, at, change })
    }

    fn judge_body(&self, said: Said<'_>, body: &Body) -> Result<Change, Refusal> {
        let negotiating = self.course.phase == Phase::Negotiating;
        Ok(match body {
            Body::Proposal(_) => return Err(Refusal::AlreadyFounded),
            Body::Acceptance(body) if negotiating => Change::Negotiation(self.negotiation.accept(said, body)?),
            Body::Decline(body) if negotiating => {
                Change::Negotiation(self.negotiation.decline(said, body, self.terms())?)
            }
            Body::ProposalWithdrawal(body) => {
                Change::Negotiation(self.negotiation.withdraw(said, body, self.terms())?)
            }
            Body::Acceptance(body) => Change::Agreement(change::Change::Motion(self.accept_motion(said, body)?)),
            Body::Decline(body) => Change::Agreement(change::Change::Motion(self.decline_motion(said, body)?)),
            Body::CounterProposal(body) => Change::Agreement(self.counter(said, body)?),
            Body::MediatorConsent(body) => Change::Agreement(self.consent(said, body)?),
            Body::Contribution(body) => Change::Contribution(self.claim(said, body)?),
            Body::ContributionWithdrawal(body) => Change::Contribution(self.withdraw(said, body)?),
            Body::Attestation(body) => Change::Contribution(self.attest(said, body)?),
            Body::Benefit(body) => Change::Benefit(self.report(said, body)?),
            Body::BenefitConfirmation(body) => Change::Benefit(self.confirm_benefits(said, body)?),
            Body::Reversal(body) => Change::Benefit(self.reverse(said, body)?),
            Body::ReversalConfirmation(body) => Change::Benefit(self.confirm_reversals(said, body)?),
            Body::Settlement(body) => Change::Settlement(Box::new(self.settle(said, body)?)),
            Body::Withdrawal(body) => self.take_back(said, body)?,
            Body::Needs(_)
            | Body::Challenge(_)
            | Body::Risk(_)
            | Body::Feedback(_)
            | Body::FeedbackResponse(_)
            | Body::MaintenanceCommitment(_)
            | Body::MaintenanceFulfilment(_) => Change::Work(self.judge_work(said, body)?),
            Body::Cost(_)
            | Body::CostConfirmation(_)
            | Body::NilReport(_)
            | Body::Closing(_)
            | Body::Acknowledgement(_)
            | Body::Payment(_)
            | Body::PaymentConfirmation(_) => Change::Money(self.judge_money(said, body)?),
            Body::Dispute(_) | Body::Evidence(_) | Body::Ruling(_) => Change::Dispute(self.judge_dispute(said, body)?),
            Body::KeyGrant(grant) => {
                self.check_grant_proof(said.speaker.party, grant)?;
                self.judge_motion(said, body)?
            }
            Body::Plan(_)
            | Body::Contingency(_)
            | Body::RiskAssessment(_)
            | Body::Amendment(_)
            | Body::KeyRevocation(_)
            | Body::Exit(_)
            | Body::TrialResult(_)
            | Body::Suspension(_)
            | Body::Resumption(_)
            | Body::MediatorReplacement(_)
            | Body::Close(_)
            | Body::Offer(_) => self.judge_motion(said, body)?,
        })
    }

    fn judge_motion(&self, said: Said<'_>, body: &Body) -> Result<Change, Refusal> {
        let matter = Matter::of(body).expect("only statements that move something come here");
        Ok(Change::Agreement(change::Change::Motion(self.move_matter(said, matter)?)))
    }

    /// Takes in what was admitted. Cannot fail: whatever could was checked in [`Self::admit`].
    ///
    /// # Panics
    ///
    /// If something else was applied or something was forgotten since, or the admission is another agreement's: what was checked is then not so.
    pub fn apply(&mut self, admission: Admission) {
        let Admission { agreement, forgotten, index, statement, signer, at, change } = admission;
        let now = (self.id, self.forgotten, self.size);
        assert_eq!((agreement, forgotten, index), now, "what was admitted is applied to what it was admitted to");
        self.pass_time(at);
        self.keyring.said(signer, at);
        let entry = Entry { id: statement, index, at };
        let whole = !self.has_forgotten();
        match change {
            Change::Negotiation(change) => {
                if self.negotiation.apply(change) {
                    self.course.lapse();
                }
                self.begin_if_accepted(at);
            }
            Change::Agreement(change) => self.apply_change(entry, change),
            Change::Contribution(change) => self.apply_contribution(entry, signer, change, whole),
            Change::Benefit(change) => {
                self.note_benefit(&change);
                self.benefits.apply(entry, change, &mut self.books, whole);
            }
            Change::Work(change) => self.apply_work(entry, change),
            Change::Money(change) => self.apply_money(entry, change),
            Change::Dispute(change) => self.apply_dispute(entry, change),
            Change::Settlement(change) => {
                self.note_settlement(entry, change.tree_size());
                self.settlements.apply(entry, *change, &mut self.books, whole);
            }
        }
        self.size += 1;
        self.last_admitted = at;
    }

    /// Whether time alone has brought something until `at` that no entry has shown yet.
    fn time_brings_something(&self, at: Timestamp) -> bool {
        self.versions.coming.as_ref().is_some_and(|coming| coming.effective <= at)
            || self.partings.iter().any(|parting| !parting.gone && parting.leaves <= at)
            || self.books.next_release().is_some_and(|due| due <= at)
            || self.money.period_ends(self, at)
            || self.claims_run_out(at)
    }

    /// Takes in what time alone has brought until `at`; it counts from the next entry on.
    fn pass_time(&mut self, at: Timestamp) {
        let index = self.size;
        if let Some(coming) = self.versions.coming.take_if(|coming| coming.effective <= at) {
            let Coming { id, terms, retroactive, conflicts, .. } = *coming;
            self.enact(index, id, terms, retroactive, conflicts);
        }
        for position in 0..self.partings.len() {
            let parting = &mut self.partings[position];
            if !parting.gone && parting.leaves <= at {
                parting.gone = true;
                self.books.leave(index, parting.party, parting.factor);
            }
        }
        self.books.release(index, at);
        self.close_periods(index, at);
        self.hold_overdue(index, at);
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
        &self.versions.current().terms
    }

    /// Returns the terms under which an entry is read: those in force at its place.
    #[must_use]
    pub fn terms_at(&self, index: u64) -> &Terms {
        &self.versions.at(index).terms
    }

    /// Returns what proposed the terms: the proposal, a counter-proposal or an amendment.
    #[must_use]
    pub fn terms_id(&self) -> StatementId {
        self.versions.current().id
    }

    fn directory(&self) -> &Directory {
        &self.versions.current().directory
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
        self.course.phase_at(now, self.terms())
    }

    /// Returns how far each party has accepted what was proposed, in the order of the terms. Who joined later has accepted the amendment
    /// that let it join, and has no keys here.
    pub fn acceptances(&self) -> impl ExactSizeIterator<Item = PartyAcceptance<'_>> {
        self.terms().parties.iter().enumerate().map(|(party, terms)| PartyAcceptance {
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
        self.keyring.speaker(self.directory(), key).map(|speaker| speaker.party)
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
        Ok(self.books.account_at(tree_size)?)
    }

    /// Returns the entry of a statement that has an effect of its own, such as a contribution, a motion or a risk: what
    /// others could take for two if it came in twice. Any other finds what it did the first time, and is refused for that.
    fn index_of(&self, id: StatementId) -> Option<u64> {
        let benefit = || self.benefits.index_of(id);
        let motion = || self.motions.index_of(id);
        let (work, money) = (|| self.work.index_of(id), || self.money.index_of(id));
        self.contributions.index_of(id).or_else(benefit).or_else(motion).or_else(work).or_else(money)
    }

    fn party_name(&self, party: usize) -> Name {
        self.terms().parties[party].name.clone()
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
    /// The checkpoint that the signer has seen: it is this ledger's.
    seen: Option<SeenCheckpoint>,
}

/// What every change may say about its entry.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: StatementId,
    index: u64,
    at: Timestamp,
}
