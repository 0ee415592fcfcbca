//! Benefits and reversals: reported by the party that collects, confirmed by another.
//!
//! A reversal takes back what the benefit brought, with the shares the benefit was split by.

use std::collections::HashMap;

use crate::{
    agreement::{
        Agreement, Entry, Said,
        refusal::benefit::BenefitRefusal,
        settle::{BenefitKey, Books},
        state::BenefitState,
    },
    statement::{Benefit, BenefitConfirmation, Reversal, ReversalConfirmation, id::StatementId, terms::Terms},
    time::Timestamp,
};

/// The most all confirmed benefits of one currency may come to, minor units: what a signed 64-bit amount holds.
pub const GROSS_MAX: u64 = 9_223_372_036_854_775_807;

/// A benefit and where it stands.
#[derive(Clone, Copy, Debug)]
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
    reversals: &'a [ReversalSlot],
    cut_off: u64,
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

impl<'a> BenefitView<'a> {
    /// Returns what was given back of it, in ledger order.
    pub fn reversals(&self) -> impl ExactSizeIterator<Item = ReversalView> + use<'a> {
        let cut_off = self.cut_off;
        self.reversals.iter().map(move |slot| ReversalView {
            id: slot.id,
            index: slot.index,
            admitted: slot.admitted,
            amount: slot.amount,
            state: state(slot.confirmed, cut_off),
            confirmed: slot.confirmed,
        })
    }
}

/// All benefits of an agreement.
#[derive(Clone, Debug)]
pub(super) struct Benefits {
    /// In ledger order.
    list: Vec<BenefitSlot>,
    by_id: HashMap<StatementId, usize>,
    /// The benefit and the place among its reversals.
    reversals: HashMap<StatementId, (usize, usize)>,
    /// By currency: all that was ever confirmed, minor units.
    confirmed: Vec<u64>,
}

#[derive(Clone, Debug)]
struct BenefitSlot {
    id: StatementId,
    index: u64,
    admitted: Timestamp,
    reporter: usize,
    stream: usize,
    currency: usize,
    benefit: Benefit,
    confirmed: Option<u64>,
    reversals: Vec<ReversalSlot>,
    /// The sum of its reversals, confirmed or not, minor units.
    reversed: u64,
}

#[derive(Clone, Debug)]
struct ReversalSlot {
    id: StatementId,
    index: u64,
    admitted: Timestamp,
    amount: u64,
    confirmed: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Change {
    Reported { reporter: usize, stream: usize, currency: usize, benefit: Box<Benefit> },
    Confirmed { positions: Vec<usize> },
    Reversed { position: usize, amount: u64 },
    ReversalsConfirmed { places: Vec<(usize, usize)> },
}

impl Benefits {
    pub(super) fn new(terms: &Terms) -> Self {
        let confirmed = vec![0; terms.currencies.len()];
        Self { list: Vec::new(), by_id: HashMap::new(), reversals: HashMap::new(), confirmed }
    }

    /// Returns the entry of a benefit or reversal.
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        let benefit = self.by_id.get(&id).map(|position| self.list[*position].index);
        benefit.or_else(|| self.reversals.get(&id).map(|(benefit, place)| self.list[*benefit].reversals[*place].index))
    }

    fn find(&self, benefit: StatementId) -> Result<(usize, &BenefitSlot), BenefitRefusal> {
        let unknown = BenefitRefusal::UnknownBenefit { benefit };
        self.by_id.get(&benefit).map(|position| (*position, &self.list[*position])).ok_or(unknown)
    }

    pub(super) fn apply(&mut self, entry: Entry, change: Change, books: &mut Books) {
        match change {
            Change::Reported { reporter, stream, currency, benefit } => {
                self.by_id.insert(entry.id, self.list.len());
                self.list.push(BenefitSlot {
                    id: entry.id,
                    index: entry.index,
                    admitted: entry.at,
                    reporter,
                    stream,
                    currency,
                    benefit: *benefit,
                    confirmed: None,
                    reversals: Vec::new(),
                    reversed: 0,
                });
            }
            Change::Confirmed { positions } => {
                for position in positions {
                    let slot = &mut self.list[position];
                    let amount = slot.benefit.amount;
                    slot.confirmed = Some(entry.index);
                    self.confirmed[slot.currency] += amount;
                    books.take_in(entry.index, BenefitKey(slot.index), slot.stream, slot.currency, amount);
                }
            }
            Change::Reversed { position, amount } => {
                let slot = &mut self.list[position];
                self.reversals.insert(entry.id, (position, slot.reversals.len()));
                slot.reversed += amount;
                let (id, index, admitted) = (entry.id, entry.index, entry.at);
                slot.reversals.push(ReversalSlot { id, index, admitted, amount, confirmed: None });
            }
            Change::ReversalsConfirmed { places } => {
                for (benefit, place) in places {
                    let slot = &mut self.list[benefit];
                    let reversal = &mut slot.reversals[place];
                    reversal.confirmed = Some(entry.index);
                    books.reverse(entry.index, BenefitKey(slot.index), reversal.amount);
                }
            }
        }
    }
}

impl Agreement {
    /// Returns every benefit in ledger order.
    pub fn benefits(&self) -> impl ExactSizeIterator<Item = BenefitView<'_>> {
        self.benefits_from(0)
    }

    /// Returns the benefits in entries from `index` on, in ledger order.
    pub fn benefits_from(&self, index: u64) -> impl ExactSizeIterator<Item = BenefitView<'_>> {
        let list = &self.benefits.list;
        list[list.partition_point(|slot| slot.index < index)..].iter().map(|slot| self.benefit_view(slot))
    }

    /// Returns one benefit.
    #[must_use]
    pub fn benefit(&self, id: &StatementId) -> Option<BenefitView<'_>> {
        self.benefits.find(*id).ok().map(|(_, slot)| self.benefit_view(slot))
    }

    fn benefit_view<'a>(&self, slot: &'a BenefitSlot) -> BenefitView<'a> {
        let cut_off = self.books.cut_off();
        BenefitView {
            id: slot.id,
            index: slot.index,
            admitted: slot.admitted,
            reporter: slot.reporter,
            benefit: &slot.benefit,
            state: state(slot.confirmed, cut_off),
            confirmed: slot.confirmed,
            reversals: &slot.reversals,
            cut_off,
        }
    }

    pub(super) fn report(&self, said: Said<'_>, body: &Benefit) -> Result<Change, BenefitRefusal> {
        let Some(stream) = self.directory.stream(&body.stream) else {
            return Err(BenefitRefusal::UnknownStream { stream: body.stream.clone() });
        };
        let (collector, reporter) = (&self.terms.streams[stream].collector, said.speaker.party);
        if self.directory.party(collector) != Some(reporter) {
            let (collector, party) = (collector.clone(), self.party_name(reporter));
            return Err(BenefitRefusal::NotCollector { stream: body.stream.clone(), collector, party });
        }
        let Some(currency) = self.directory.currency(&body.currency) else {
            return Err(BenefitRefusal::UnknownCurrency { currency: body.currency.clone() });
        };
        if body.amount > GROSS_MAX {
            return Err(BenefitRefusal::AmountTooLarge { currency: body.currency.clone() });
        }
        Ok(Change::Reported { reporter, stream, currency, benefit: Box::new(body.clone()) })
    }

    pub(super) fn confirm_benefits(
        &self,
        said: Said<'_>,
        body: &BenefitConfirmation,
    ) -> Result<Change, BenefitRefusal> {
        let cut_off = self.books.cut_off();
        let mut confirmed = self.benefits.confirmed.clone();
        let mut positions = Vec::with_capacity(body.benefits.len());
        for benefit in body.benefits.iter().copied() {
            let (position, slot) = self.benefits.find(benefit)?;
            if slot.reporter == said.speaker.party {
                return Err(BenefitRefusal::OwnBenefit { benefit, party: self.party_name(slot.reporter) });
            }
            match state(slot.confirmed, cut_off) {
                BenefitState::Reported => {}
                state => return Err(BenefitRefusal::AlreadyConfirmed { benefit, state }),
            }
            let sum = confirmed[slot.currency].checked_add(slot.benefit.amount).filter(|sum| *sum <= GROSS_MAX);
            let too_large = || BenefitRefusal::AmountTooLarge { currency: slot.benefit.currency.clone() };
            confirmed[slot.currency] = sum.ok_or_else(too_large)?;
            positions.push(position);
        }
        Ok(Change::Confirmed { positions })
    }

    pub(super) fn reverse(&self, said: Said<'_>, body: &Reversal) -> Result<Change, BenefitRefusal> {
        let benefit = body.benefit;
        let (position, slot) = self.benefits.find(benefit)?;
        if slot.reporter != said.speaker.party {
            let (reporter, party) = (self.party_name(slot.reporter), self.party_name(said.speaker.party));
            return Err(BenefitRefusal::NotReporter { benefit, reporter, party });
        }
        match state(slot.confirmed, self.books.cut_off()) {
            BenefitState::Confirmed | BenefitState::Settled => {}
            state @ BenefitState::Reported => return Err(BenefitRefusal::BenefitNotConfirmed { benefit, state }),
        }
        let (amount, reversed, requested) = (slot.benefit.amount, slot.reversed, body.amount);
        match reversed.checked_add(requested) {
            Some(sum) if sum <= amount => Ok(Change::Reversed { position, amount: requested }),
            _ => Err(BenefitRefusal::ReversalExceeds { benefit, amount, reversed, requested }),
        }
    }

    pub(super) fn confirm_reversals(
        &self,
        said: Said<'_>,
        body: &ReversalConfirmation,
    ) -> Result<Change, BenefitRefusal> {
        let mut places = Vec::with_capacity(body.reversals.len());
        for reversal in body.reversals.iter().copied() {
            let place = self.benefits.reversals.get(&reversal).copied();
            let (benefit, nth) = place.ok_or(BenefitRefusal::UnknownReversal { reversal })?;
            let slot = &self.benefits.list[benefit];
            if slot.reporter == said.speaker.party {
                return Err(BenefitRefusal::OwnReversal { reversal, party: self.party_name(slot.reporter) });
            }
            match state(slot.reversals[nth].confirmed, self.books.cut_off()) {
                BenefitState::Reported => places.push((benefit, nth)),
                state => return Err(BenefitRefusal::ReversalAlreadyConfirmed { reversal, state }),
            }
        }
        Ok(Change::ReversalsConfirmed { places })
    }
}

fn state(confirmed: Option<u64>, cut_off: u64) -> BenefitState {
    match confirmed {
        None => BenefitState::Reported,
        Some(at) if at < cut_off => BenefitState::Settled,
        Some(_) => BenefitState::Confirmed,
    }
}
