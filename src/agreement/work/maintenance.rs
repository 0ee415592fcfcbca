//! Maintenance: what a party commits itself to, by dates. A date that passes without a fulfilment shows as a risk, and
//! does nothing else: it may still be fulfilled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        refusal::{Refusal, work::WorkRefusal},
        work::{
            Change,
            risk::{Exposure, RiskSource, RiskView},
        },
    },
    digest::Digest,
    statement::{
        id::StatementId,
        work::{MaintenanceCommitment, MaintenanceFulfilment},
    },
    time::Timestamp,
};

/// How many maintenance commitments one party may make over the life of an agreement.
pub const COMMITMENTS_MAX: usize = 64;

/// What a party has committed itself to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Commitment {
    index: u64,
    party: usize,
    title: String,
    criteria: Digest,
    /// By date: the entry that fulfilled it.
    due: BTreeMap<Timestamp, Option<u64>>,
}

/// A maintenance commitment, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentView<'a> {
    /// The statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// The position of the party that has committed itself.
    pub party: usize,
    /// Its title.
    pub title: &'a str,
    /// SHA-256 of what is promised.
    pub criteria: Digest,
    /// The dates, ascending.
    pub dates: Vec<DateView>,
}

/// A date of a maintenance commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateView {
    /// The date.
    pub due: Timestamp,
    /// The entry that fulfilled it.
    pub fulfilled: Option<u64>,
    /// Whether it has passed without.
    pub missed: bool,
}

impl Commitment {
    pub(super) fn new(entry: Entry, party: usize, commitment: MaintenanceCommitment) -> Self {
        let MaintenanceCommitment { title, criteria, due } = commitment;
        let due = due.into_iter().map(|due| (due, None)).collect();
        Self { index: entry.index, party, title, criteria, due }
    }

    pub(super) const fn index(&self) -> u64 {
        self.index
    }

    pub(super) fn fulfil(&mut self, due: Timestamp, index: u64) {
        self.due.insert(due, Some(index));
    }

    fn dates_at(&self, now: Timestamp) -> impl Iterator<Item = DateView> {
        let date = move |(due, fulfilled): (&Timestamp, &Option<u64>)| {
            let missed = fulfilled.is_none() && *due < now;
            DateView { due: *due, fulfilled: *fulfilled, missed }
        };
        self.due.iter().map(date)
    }
}

impl Agreement {
    /// Returns every maintenance commitment as it stands at `now`, in ledger order.
    #[must_use]
    pub fn commitments_at(&self, now: Timestamp) -> Vec<CommitmentView<'_>> {
        let commitments = self.work.commitments.iter().map(|(id, commitment)| CommitmentView {
            id: *id,
            index: commitment.index,
            party: commitment.party,
            title: &commitment.title,
            criteria: commitment.criteria,
            dates: commitment.dates_at(now).collect(),
        });
        let mut views: Vec<_> = commitments.collect();
        views.sort_by_key(|view| view.index);
        views
    }

    /// Returns a risk for every date that has passed without a fulfilment.
    pub(super) fn missed_at(&self, now: Timestamp) -> Vec<RiskView<'_>> {
        let mut commitments: Vec<_> = self.work.commitments.iter().collect();
        commitments.sort_by_key(|(_, commitment)| commitment.index);
        let missed = commitments.into_iter().flat_map(|(id, commitment)| {
            commitment.dates_at(now).filter(|date| date.missed).map(move |date| RiskView {
                source: RiskSource::Maintenance { commitment: *id, due: date.due },
                title: &commitment.title,
                owner: commitment.party,
                exposure: Exposure::Unassessed,
                plan: None,
                closed: None,
            })
        });
        missed.collect()
    }

    pub(super) fn commit(&self, said: Said<'_>, body: &MaintenanceCommitment) -> Result<Change, Refusal> {
        let party = said.speaker.party;
        self.check_stays(party)?;
        let own = self.work.commitments.values().filter(|commitment| commitment.party == party);
        if own.count() >= COMMITMENTS_MAX {
            return Err(WorkRefusal::TooManyCommitments { party: self.party_name(party), max: COMMITMENTS_MAX }.into());
        }
        Ok(Change::Committed { party, commitment: Box::new(body.clone()) })
    }

    pub(super) fn fulfil(&self, said: Said<'_>, body: &MaintenanceFulfilment) -> Result<Change, WorkRefusal> {
        let (commitment, due) = (body.commitment, body.due);
        let Some(found) = self.work.commitments.get(&commitment) else {
            return Err(WorkRefusal::UnknownCommitment { commitment });
        };
        if found.party != said.speaker.party {
            let (committed, party) = (self.party_name(found.party), self.party_name(said.speaker.party));
            return Err(WorkRefusal::NotYourCommitment { commitment, committed, party });
        }
        match found.due.get(&due) {
            None => Err(WorkRefusal::UnknownDueDate { commitment, due }),
            Some(Some(_)) => Err(WorkRefusal::AlreadyFulfilled { commitment, due }),
            Some(None) => Ok(Change::Fulfilled { commitment, due }),
        }
    }
}
