//! A keeper of an agreement that forgets: the smallest one, with everything put away in a map.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use counterfoil::{
    agreement::{
        Agreement,
        explain::{Explanation, Gathered},
        put_away::{Place, PutAway, Slip, Wanted, key},
        refusal::Refusal,
        settle::Account,
    },
    sequencer::{ReadError, Reader},
    statement::{Body, Signed, id::StatementId},
    time::Timestamp,
};

/// An agreement and what it has put away.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub(crate) agreement: Agreement,
    founding: Signed,
    pub(crate) summary: Option<Vec<u8>>,
    pub(crate) slips: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Every entry since the keeper began, and the time it was admitted.
    pub(crate) entries: BTreeMap<u64, (Signed, Timestamp)>,
    index: HashMap<StatementId, u64>,
    /// What was recalled so far.
    pub(crate) recalled: Vec<Wanted>,
}

impl Keeper {
    /// Takes over an agreement with nothing in it but its founding and what led to its being in force.
    pub(crate) fn of(agreement: Agreement, founding: Signed) -> Self {
        Self {
            agreement,
            founding,
            summary: None,
            slips: BTreeMap::new(),
            entries: BTreeMap::new(),
            index: HashMap::new(),
            recalled: Vec::new(),
        }
    }

    /// Recalls what is wanted, and lets a statement in or not.
    pub(crate) fn enter(&mut self, signed: &Signed, at: Timestamp) -> Result<u64, Refusal> {
        if let Some(index) = self.index.get(&signed.id()) {
            return Err(Refusal::AlreadyRecorded { statement: signed.id(), index: *index });
        }
        loop {
            let wanted = self.agreement.wanted(signed, at);
            if wanted.is_empty() {
                break;
            }
            wanted.into_iter().for_each(|wanted| self.recall(wanted));
        }
        let admission = self.agreement.admit(signed, at)?;
        let index = self.agreement.size();
        self.agreement.apply(admission);
        self.index.insert(signed.id(), index);
        self.entries.insert(index, (signed.clone(), at));
        Ok(index)
    }

    fn recall(&mut self, wanted: Wanted) {
        let entry = wanted.statement().map(|id| self.index.get(&id).copied());
        let found = match entry {
            Some(None) => None,
            entry => match wanted.place(entry.flatten().unwrap_or(0)) {
                Place::Under(key) => self.slips.get_key_value(&key),
                Place::Last(Range { start, end }) => self.slips.range(start..end).next_back(),
            },
        };
        let found = found.map(|(key, slip)| (key.as_slice(), slip.as_slice()));
        self.agreement.recall(&wanted, found).unwrap();
        assert!(self.recalled.len() < 1_000_000, "recalling has no end");
        self.recalled.push(wanted);
    }

    /// Puts away what has changed, and keeps the newest changes since the last settlement in the summary.
    pub(crate) fn put_away(&mut self, newest: usize) {
        let expected = self.agreement.changed();
        let PutAway { summary, slips } = self.agreement.put_away(newest);
        assert!(slips.len() >= expected && self.agreement.changed() == 0);
        self.summary = Some(summary);
        for (key, slip) in slips {
            match slip {
                Some(slip) => drop(self.slips.insert(key, slip)),
                None => drop(self.slips.remove(&key)),
            }
        }
    }

    /// Drops the agreement and opens it anew.
    pub(crate) fn restore(&mut self) {
        self.put_away(1);
        self.agreement = Agreement::restore(&self.founding, self.summary.as_ref().unwrap()).unwrap();
    }

    pub(crate) fn account_at(&mut self, tree_size: u64) -> Result<Account, Refusal> {
        if let Some(wanted) = self.agreement.wanted_at(tree_size) {
            self.recall(wanted);
        }
        assert_eq!(self.agreement.wanted_at(tree_size), None);
        self.agreement.account_at(tree_size)
    }

    /// Every contribution and benefit as it stood at a size, in words.
    pub(crate) fn views_at(&self, tree_size: u64) -> Vec<String> {
        let (agreement, standing) = (&self.agreement, self.agreement.standing_at(tree_size));
        let mut views = Vec::new();
        for (key, slip) in self.contributions() {
            let kept = agreement.read_contribution(&key, &slip).unwrap();
            let Some((signed, at)) = self.entries.get(&kept.index()).filter(|_| kept.index() < tree_size) else {
                continue;
            };
            let Body::Contribution(body) = &signed.statement().body else { panic!("{signed:?} is no contribution") };
            let view = kept.view(signed.id(), *at, body, standing);
            assert_eq!((view.party, view.state), (kept.party(), kept.state(standing)));
            views.push(format!("{view:?}"));
        }
        for (key, slip) in self.benefits() {
            let kept = self.benefit(&key, &slip);
            let Some((signed, at)) = self.entries.get(&kept.index()).filter(|_| kept.index() < tree_size) else {
                continue;
            };
            let Body::Benefit(body) = &signed.statement().body else { panic!("{signed:?} is no benefit") };
            let view = kept.view(signed.id(), *at, body, standing);
            assert_eq!(view.state, kept.state(standing));
            views.push(format!("{view:?}"));
        }
        views
    }

    pub(crate) fn explain(&mut self, party: usize, currency: usize, tree_size: u64) -> Result<Explanation, Refusal> {
        if let Some(wanted) = self.agreement.wanted_at(tree_size) {
            self.recall(wanted);
        }
        let mut gathered = Gathered::new(party, currency, tree_size);
        for (key, slip) in self.contributions() {
            gathered.take_contribution(&self.agreement, &self.agreement.read_contribution(&key, &slip).unwrap());
        }
        for (key, slip) in self.benefits() {
            gathered.take_benefit(&self.benefit(&key, &slip));
        }
        // Readers need nothing but the books.
        self.agreement.without_slips().explain_from(gathered)
    }

    fn contributions(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.laid_over(key::contributions_from(0), self.agreement.changed_contributions(0))
    }

    fn benefits(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.laid_over(key::benefits_from(0), self.agreement.changed_benefits(0))
    }

    fn benefit(&self, key: &[u8], slip: &[u8]) -> counterfoil::agreement::put_away::KeptBenefit {
        let index = self.agreement.read_benefit(key, slip, []).unwrap().index();
        let keys = key::reversals_of(index);
        let mut changed = self.agreement.changed_reversals(index);
        changed.retain(|(key, _)| keys.contains(key));
        let reversals = self.laid_over(keys, changed);
        let reversals = reversals.iter().map(|(key, slip)| (key.as_slice(), slip.as_slice()));
        self.agreement.read_benefit(key, slip, reversals).unwrap()
    }

    fn laid_over(&self, keys: Range<Vec<u8>>, changed: Vec<Slip>) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let kept = self.slips.range(keys).map(|(key, slip)| (key.clone(), slip.clone()));
        kept.chain(changed).collect()
    }
}

/// Every contribution and benefit of an agreement that has everything at hand, in words.
pub(crate) fn views(agreement: &Agreement) -> Vec<String> {
    let contributions = agreement.contributions().map(|view| format!("{view:?}"));
    contributions.chain(agreement.benefits().map(|view| format!("{view:?}"))).collect()
}

/// Every contribution and benefit that a reader finds kept, in words.
pub(crate) fn read_views(reader: &Reader) -> Result<Vec<String>, ReadError> {
    let (standing, mut views) = (reader.standing(), Vec::new());
    for kept in reader.contributions(0) {
        let kept = kept?;
        let (signed, admitted) = reader.entry(kept.index())?;
        let Body::Contribution(said) = &signed.statement().body else { panic!("no contribution") };
        views.push(format!("{:?}", kept.view(signed.id(), admitted, said, standing)));
    }
    for kept in reader.benefits(0) {
        let kept = kept?;
        let (signed, admitted) = reader.entry(kept.index())?;
        let Body::Benefit(said) = &signed.statement().body else { panic!("no benefit") };
        views.push(format!("{:?}", kept.view(signed.id(), admitted, said, standing)));
    }
    Ok(views)
}
