//! Benefits and reversals: reported by the party that collects, confirmed by another.
//!
//! A reversal takes back what the benefit brought, with the shares the benefit was split by.

use std::collections::{HashMap, HashSet};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        claimed::Whole,
        put_away::shelf::Shelf,
        refusal::{Refusal, benefit::BenefitRefusal},
        settle::{Books, CameIn},
        state::BenefitState,
    },
    statement::{
        Benefit, BenefitConfirmation, Reversal, ReversalConfirmation,
        id::StatementId,
        terms::{CurrencyCode, Name, Terms},
    },
    time::Timestamp,
};

/// The most all confirmed benefits of one currency may come to, minor units: what a signed 64-bit amount holds.
pub const GROSS_MAX: u64 = 9_223_372_036_854_775_807;

/// A benefit and where it stands.
#[derive(Clone, Debug)]
pub struct BenefitView<'a> {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// The position of the party that reported it.
    pub reporter: usize,
    /// What was reported.
    pub benefit: &'a Benefit,
    /// Where it stands.
    pub state: BenefitState,
    /// The index of the entry that confirmed it.
    pub confirmed: Option<u64>,
    /// What was given back of it, in ledger order.
    pub reversals: Vec<ReversalView>,
}

/// A reversal and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversalView {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// How much of the gross amount was given back, minor units.
    pub amount: u64,
    /// Where it stands.
    pub state: BenefitState,
    /// The index of the entry that confirmed it.
    pub confirmed: Option<u64>,
}

impl BenefitView<'_> {
    /// Returns what was given back of it, in ledger order.
    pub fn reversals(&self) -> impl ExactSizeIterator<Item = ReversalView> {
        self.reversals.iter().copied()
    }
}

/// All benefits of an agreement.
#[derive(Clone, Debug)]
pub(super) struct Benefits {
    /// By the index of the entry.
    pub(super) slots: Shelf<u64, BenefitSlot>,
    /// The entries of those at hand.
    pub(super) by_id: HashMap<StatementId, u64>,
    /// By the entries of the benefit and of the reversal.
    pub(super) reversals: Shelf<ReversalPlace, ReversalSlot>,
    /// The places of those at hand.
    pub(super) reversals_by_id: HashMap<StatementId, ReversalPlace>,
    /// Statements of which it was found that they are no benefits.
    pub(super) absent: HashSet<StatementId>,
    /// Statements of which it was found that they are no reversals.
    pub(super) reversals_absent: HashSet<StatementId>,
    /// By currency: all that was ever confirmed, minor units.
    pub(super) confirmed: Vec<u64>,
}

/// The index of the benefit's entry, and of the reversal's.
pub(super) type ReversalPlace = (u64, u64);

/// A benefit as it is kept.
#[derive(Clone, Debug)]
pub(super) struct BenefitSlot {
    pub(super) reporter: usize,
    pub(super) stream: usize,
    pub(super) currency: usize,
    pub(super) amount: u64,
    pub(super) confirmed: Option<u64>,
    /// The sum of its reversals, confirmed or not, minor units.
    pub(super) reversed: u64,
    /// When it was reported.
    pub(super) admitted: Timestamp,
    /// The entry that decided in a dispute what its amount is.
    pub(super) decided: Option<u64>,
    /// The whole statement, as long as it was not forgotten.
    pub(super) whole: Option<Box<Whole<Benefit>>>,
}

/// A reversal as it is kept.
#[derive(Clone, Debug)]
pub(super) struct ReversalSlot {
    pub(super) id: StatementId,
    pub(super) admitted: Timestamp,
    pub(super) reporter: usize,
    /// Where its benefit came in.
    pub(super) came_in: CameIn,
    pub(super) amount: u64,
    pub(super) confirmed: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Change {
    Reported { reporter: usize, stream: usize, currency: usize, benefit: Box<Benefit> },
    Confirmed { indexes: Vec<u64> },
    Reversed { benefit: u64, reporter: usize, came_in: CameIn, amount: u64 },
    ReversalsConfirmed { places: Vec<ReversalPlace> },
}

impl BenefitSlot {
    /// Returns where it stood when the ledger had `tree_size` entries, `cut_off` of them settled.
    pub(super) fn state_at(&self, cut_off: u64, tree_size: u64) -> BenefitState {
        state(self.confirmed.filter(|at| *at < tree_size), cut_off)
    }

    /// Writes it as it was when the ledger had `tree_size` entries, `cut_off` of them settled.
    pub(super) fn view<'a>(
        &self,
        index: u64,
        (id, admitted, benefit): (StatementId, Timestamp, &'a Benefit),
        (cut_off, tree_size): (u64, u64),
        reversals: Vec<ReversalView>,
    ) -> BenefitView<'a> {
        let confirmed = self.confirmed.filter(|at| *at < tree_size);
        let state = self.state_at(cut_off, tree_size);
        BenefitView { id, index, admitted, reporter: self.reporter, benefit, state, confirmed, reversals }
    }
}

impl ReversalSlot {
    /// Writes it as it was when the ledger had `tree_size` entries, `cut_off` of them settled.
    pub(super) fn view(&self, index: u64, (cut_off, tree_size): (u64, u64)) -> ReversalView {
        let confirmed = self.confirmed.filter(|at| *at < tree_size);
        let state = state(confirmed, cut_off);
        ReversalView { id: self.id, index, admitted: self.admitted, amount: self.amount, state, confirmed }
    }
}

impl Benefits {
    pub(super) fn new(terms: &Terms) -> Self {
        Self {
            slots: Shelf::default(),
            by_id: HashMap::new(),
            reversals: Shelf::default(),
            reversals_by_id: HashMap::new(),
            absent: HashSet::new(),
            reversals_absent: HashSet::new(),
            confirmed: vec![0; terms.currencies.len()],
        }
    }

    /// Makes room for the currencies of new terms.
    pub(super) fn widen(&mut self, terms: &Terms) {
        self.confirmed.resize(terms.currencies.len(), 0);
    }

    /// Returns the entry of a benefit or reversal.
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        let reversal = || self.reversals_by_id.get(&id).map(|(_, index)| *index);
        self.by_id.get(&id).copied().or_else(reversal)
    }

    pub(super) fn find(&self, benefit: StatementId) -> Result<(u64, &BenefitSlot), BenefitRefusal> {
        let found = self.by_id.get(&benefit).and_then(|index| Some((*index, self.slots.get(index)?)));
        found.ok_or(BenefitRefusal::UnknownBenefit { benefit })
    }

    fn find_reversal(&self, reversal: StatementId) -> Result<(ReversalPlace, &ReversalSlot), BenefitRefusal> {
        let found = self.reversals_by_id.get(&reversal).and_then(|place| Some((*place, self.reversals.get(place)?)));
        found.ok_or(BenefitRefusal::UnknownReversal { reversal })
    }

    /// Returns the reversals at hand of one benefit.
    pub(super) fn reversals_of(&self, benefit: u64) -> impl Iterator<Item = (u64, &ReversalSlot)> {
        self.reversals.range((benefit, 0)..=(benefit, u64::MAX)).map(|((_, index), slot)| (*index, slot))
    }

    /// `whole`: whether whole statements are remembered.
    pub(super) fn apply(&mut self, entry: Entry, change: Change, books: &mut Books, whole: bool) {
        const AT_HAND: &str = "what was admitted is at hand";
        match change {
            Change::Reported { reporter, stream, currency, benefit } => {
                self.by_id.insert(entry.id, entry.index);
                self.absent.remove(&entry.id);
                let amount = benefit.amount;
                let whole = whole.then(|| Box::new(Whole { id: entry.id, admitted: entry.at, said: *benefit }));
                let (confirmed, reversed, admitted, decided) = (None, 0, entry.at, None);
                let slot =
                    BenefitSlot { reporter, stream, currency, amount, confirmed, reversed, admitted, decided, whole };
                self.slots.put(entry.index, slot);
            }
            Change::Confirmed { indexes } => {
                for index in indexes {
                    let slot = self.slots.change(&index).expect(AT_HAND);
                    slot.confirmed = Some(entry.index);
                    self.confirmed[slot.currency] += slot.amount;
                    books.take_in(entry.index, slot.stream, slot.currency, slot.amount);
                }
            }
            Change::Reversed { benefit, reporter, came_in, amount } => {
                self.slots.change(&benefit).expect(AT_HAND).reversed += amount;
                let (place, id, admitted) = ((benefit, entry.index), entry.id, entry.at);
                self.reversals_by_id.insert(id, place);
                self.reversals_absent.remove(&id);
                self.reversals.put(place, ReversalSlot { id, admitted, reporter, came_in, amount, confirmed: None });
            }
            Change::ReversalsConfirmed { places } => {
                for place in places {
                    let slot = self.reversals.change(&place).expect(AT_HAND);
                    slot.confirmed = Some(entry.index);
                    books.reverse(entry.index, slot.came_in, slot.amount);
                }
            }
        }
    }
}

impl Agreement {
    /// Returns every benefit in ledger order.
    ///
    /// # Panics
    ///
    /// If something was forgotten: then they are read as [`super::put_away`] says.
    pub fn benefits(&self) -> impl Iterator<Item = BenefitView<'_>> {
        self.benefits_from(0)
    }

    /// Returns the benefits in entries from `index` on, in ledger order.
    ///
    /// # Panics
    ///
    /// As [`Self::benefits`].
    pub fn benefits_from(&self, index: u64) -> impl Iterator<Item = BenefitView<'_>> {
        self.assert_whole();
        self.benefits.slots.range(index..).filter_map(|(index, slot)| self.benefit_view(*index, slot))
    }

    /// Returns one benefit.
    ///
    /// # Panics
    ///
    /// As [`Self::benefits`].
    #[must_use]
    pub fn benefit(&self, id: &StatementId) -> Option<BenefitView<'_>> {
        self.assert_whole();
        self.benefits.find(*id).ok().and_then(|(index, slot)| self.benefit_view(index, slot))
    }

    fn benefit_view<'a>(&'a self, index: u64, slot: &'a BenefitSlot) -> Option<BenefitView<'a>> {
        let whole = slot.whole.as_ref()?;
        let now = (self.books.cut_off(), u64::MAX);
        let reversals = self.benefits.reversals_of(index).map(|(index, slot)| slot.view(index, now)).collect();
        Some(slot.view(index, (whole.id, whole.admitted, &whole.said), now, reversals))
    }

    pub(super) fn report(&self, said: Said<'_>, body: &Benefit) -> Result<Change, Refusal> {
        let reporter = said.speaker.party;
        let stream = self.collected_stream(&body.stream, reporter)?;
        let currency = self.known_currency(&body.currency)?;
        if body.amount > GROSS_MAX {
            return Err(BenefitRefusal::AmountTooLarge { currency: body.currency.clone() }.into());
        }
        self.check_earned(stream, body, said.at)?;
        Ok(Change::Reported { reporter, stream, currency, benefit: Box::new(body.clone()) })
    }

    /// Returns the stream, which `party` must collect.
    pub(super) fn collected_stream(&self, name: &Name, party: usize) -> Result<usize, BenefitRefusal> {
        let Some(stream) = self.directory().stream(name) else {
            return Err(BenefitRefusal::UnknownStream { stream: name.clone() });
        };
        let collector = &self.terms().streams[stream].collector;
        if self.directory().party(collector) != Some(party) {
            let (collector, party) = (collector.clone(), self.party_name(party));
            return Err(BenefitRefusal::NotCollector { stream: name.clone(), collector, party });
        }
        Ok(stream)
    }

    pub(super) fn known_currency(&self, code: &CurrencyCode) -> Result<usize, BenefitRefusal> {
        let unknown = || BenefitRefusal::UnknownCurrency { currency: code.clone() };
        self.directory().currency(code).ok_or_else(unknown)
    }

    pub(super) fn confirm_benefits(
        &self,
        said: Said<'_>,
        body: &BenefitConfirmation,
    ) -> Result<Change, BenefitRefusal> {
        let cut_off = self.books.cut_off();
        let mut confirmed = self.benefits.confirmed.clone();
        let mut indexes = Vec::with_capacity(body.benefits.len());
        for benefit in body.benefits.iter().copied() {
            let (index, slot) = self.benefits.find(benefit)?;
            if slot.reporter == said.speaker.party {
                return Err(BenefitRefusal::OwnBenefit { benefit, party: self.party_name(slot.reporter) });
            }
            match state(slot.confirmed, cut_off) {
                BenefitState::Reported => {}
                state => return Err(BenefitRefusal::AlreadyConfirmed { benefit, state }),
            }
            let sum = confirmed[slot.currency].checked_add(slot.amount).filter(|sum| *sum <= GROSS_MAX);
            let code = &self.terms().currencies[slot.currency].code;
            let too_large = || BenefitRefusal::AmountTooLarge { currency: code.clone() };
            confirmed[slot.currency] = sum.ok_or_else(too_large)?;
            indexes.push(index);
        }
        Ok(Change::Confirmed { indexes })
    }

    pub(super) fn reverse(&self, said: Said<'_>, body: &Reversal) -> Result<Change, Refusal> {
        let benefit = body.benefit;
        let (index, slot) = self.benefits.find(benefit)?;
        let (reporter, stream, currency) = (slot.reporter, slot.stream, slot.currency);
        if reporter != said.speaker.party {
            let (reporter, party) = (self.party_name(reporter), self.party_name(said.speaker.party));
            return Err(BenefitRefusal::NotReporter { benefit, reporter, party }.into());
        }
        self.check_undisputed(index, benefit)?;
        let Some(at) = slot.confirmed else {
            return Err(BenefitRefusal::BenefitNotConfirmed { benefit, state: BenefitState::Reported }.into());
        };
        let (amount, reversed, requested) = (slot.amount, slot.reversed, body.amount);
        match reversed.checked_add(requested) {
            Some(sum) if sum <= amount => {
                let came_in = CameIn { currency, stream, at };
                Ok(Change::Reversed { benefit: index, reporter, came_in, amount: requested })
            }
            _ => {
                let text = |minor: u64| self.terms().currencies[currency].amount(minor.into());
                let (amount, reversed, requested) = (text(amount), text(reversed), text(requested));
                Err(BenefitRefusal::ReversalExceeds { benefit, amount, reversed, requested }.into())
            }
        }
    }

    pub(super) fn confirm_reversals(
        &self,
        said: Said<'_>,
        body: &ReversalConfirmation,
    ) -> Result<Change, BenefitRefusal> {
        let mut places = Vec::with_capacity(body.reversals.len());
        for reversal in body.reversals.iter().copied() {
            let (place, slot) = self.benefits.find_reversal(reversal)?;
            if slot.reporter == said.speaker.party {
                return Err(BenefitRefusal::OwnReversal { reversal, party: self.party_name(slot.reporter) });
            }
            match state(slot.confirmed, self.books.cut_off()) {
                BenefitState::Reported => places.push(place),
                state => return Err(BenefitRefusal::ReversalAlreadyConfirmed { reversal, state }),
            }
        }
        Ok(Change::ReversalsConfirmed { places })
    }
}

/// Where what entry `confirmed` confirmed stands, the entries before `cut_off` being settled.
fn state(confirmed: Option<u64>, cut_off: u64) -> BenefitState {
    match confirmed {
        None => BenefitState::Reported,
        Some(at) if at < cut_off => BenefitState::Settled,
        Some(_) => BenefitState::Confirmed,
    }
}
