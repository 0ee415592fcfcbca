//! The law of a ledger on its way through a check: of old entries it forgets what it has put away into the scratch.

use bytes::Bytes;

use crate::{
    agreement::{
        Agreement,
        put_away::{Place, PutAway, Wanted},
        refusal::Refusal,
    },
    cli::{
        error::{Exit, Failure},
        fsck::scratch::{Kind, Own},
    },
    ledger::entry::Entry,
    statement::Signed,
};

/// The agreement of a ledger; none before it is founded.
pub(super) struct Law {
    agreement: Option<Agreement>,
    own: Own,
}

/// So many of the changes since the last settlement stay in the books of each ledger.
const CHANGES_MAX: usize = 64;

impl Law {
    pub(super) const fn new(own: Own) -> Self {
        Self { agreement: None, own }
    }

    pub(super) const fn agreement(&self) -> Option<&Agreement> {
        self.agreement.as_ref()
    }

    /// Judges the next entry, and takes it in.
    pub(super) fn judge(&mut self, index: u64, entry: &Entry, signed: &Signed) -> Result<(), Refusal> {
        match &mut self.agreement {
            Some(agreement) => {
                recall(agreement, &self.own, signed, entry);
                if !self.own.has_failed() {
                    let admission = agreement.admit(signed, entry.admitted)?;
                    agreement.apply(admission);
                }
            }
            None if index == 0 => {
                let founded = self.agreement.insert(Agreement::found(signed, entry.admitted)?);
                founded.forget(0);
            }
            // Entry 0 founds nothing, which is a finding already.
            None => {}
        }
        Ok(())
    }

    pub(super) const fn pass_over(&mut self) {
        if let Some(agreement) = &mut self.agreement {
            agreement.pass_over();
        }
    }

    /// Returns how much of the entries is in memory.
    pub(super) fn held(&self) -> usize {
        self.agreement.as_ref().map_or(0, |agreement| agreement.changed() + agreement.recalled())
    }

    /// Puts away what has changed, and forgets all of it.
    pub(super) fn put_away(&mut self) {
        let Some(agreement) = &mut self.agreement else { return };
        let PutAway { slips, .. } = agreement.put_away(CHANGES_MAX);
        slips.into_iter().for_each(|(key, slip)| self.own.put(Kind::Slip, &key, slip.map(Bytes::from)));
        agreement.forget(0);
    }
}

/// Recalls what a statement needs to be judged.
fn recall(agreement: &mut Agreement, own: &Own, signed: &Signed, entry: &Entry) {
    loop {
        let wanted = agreement.wanted(signed, entry.admitted);
        if wanted.is_empty() || own.has_failed() {
            return;
        }
        for one in &wanted {
            let found = find(own, one);
            let found = found.as_ref().map(|(key, slip)| (key.as_ref(), slip.as_ref()));
            if let Err(error) = agreement.recall(one, found) {
                own.fail(Failure::new(Exit::Fault, "what a check remembers is not what it put there").because(error));
            }
        }
    }
}

fn find(own: &Own, wanted: &Wanted) -> Option<(Bytes, Bytes)> {
    let entry = match wanted.statement() {
        Some(id) => {
            let index = own.get(Kind::Id, id.digest().as_bytes())?;
            u64::from_be_bytes(index.as_ref().try_into().ok()?)
        }
        None => 0,
    };
    match wanted.place(entry) {
        Place::Under(key) => own.get(Kind::Slip, &key).map(|slip| (key.into(), slip)),
        Place::Last(range) => own.list(Kind::Slip, (&range.start, &range.end), true, 1).pop(),
    }
}
