//! Challenges: what was accepted is put in doubt, within a window and on a closed list of grounds. It stands as it is; what
//! it counts is held until the challenge is withdrawn, conceded by the claimant, or decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        contribution::{Outcome, Slot},
        refusal::{Refusal, change::ChangeRefusal, work::WorkRefusal},
        settle::doubt::{Doubt, PointsDoubt},
        state::ContributionState,
        tally::Tally,
        work::Change,
    },
    statement::{
        id::StatementId,
        work::{Challenge, Ground},
    },
};

/// How often one contribution may be challenged over its life.
pub const CHALLENGES_MAX: usize = 64;

/// How many contributions the open challenges of one party may name in all.
pub const CHALLENGED_MAX: usize = 4_000;

/// A challenge of one contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeMark {
    /// The statement id of the challenge.
    pub challenge: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// The position of the party that challenges.
    pub party: usize,
    /// Why.
    pub ground: Ground,
    /// The entry that ended it.
    pub over: Option<u64>,
}

/// A challenge that is open, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeView<'a> {
    /// The statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// The position of the party that challenges.
    pub party: usize,
    /// Why.
    pub ground: Ground,
    /// Entry and statement id of each contribution that it still puts in doubt.
    pub contributions: &'a [(u64, StatementId)],
}

/// Every challenge that is open.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Challenges {
    open: BTreeMap<StatementId, OpenChallenge>,
    /// By who challenges: how many contributions they name.
    places: Tally,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct OpenChallenge {
    index: u64,
    party: usize,
    ground: Ground,
    places: Vec<(u64, StatementId)>,
}

impl Challenges {
    /// Those that are over are known by what they left in the slots of their contributions.
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        self.open.get(&id).map(|challenge| challenge.index)
    }

    /// The contribution in entry `index` is no longer challenged by `challenge`.
    fn leave(&mut self, challenge: StatementId, index: u64) {
        let Some(open) = self.open.get_mut(&challenge) else { return };
        let before = open.places.len();
        open.places.retain(|(place, _)| *place != index);
        self.places.take(open.party, before - open.places.len());
        if open.places.is_empty() {
            self.open.remove(&challenge);
        }
    }
}

impl Slot {
    /// Whether it was challenged, and the challenge open, when the ledger had `tree_size` entries.
    pub(in crate::agreement) fn is_challenged_at(&self, tree_size: u64) -> bool {
        let open = |mark: &ChallengeMark| mark.index < tree_size && mark.over.is_none_or(|over| over >= tree_size);
        self.challenges.iter().any(open)
    }

    pub(super) fn is_challenged(&self) -> bool {
        self.challenges.iter().any(|mark| mark.over.is_none())
    }
}

impl Agreement {
    /// Returns every open challenge, in the order of their ids.
    pub fn challenges(&self) -> impl ExactSizeIterator<Item = ChallengeView<'_>> {
        self.work.challenges.open.iter().map(|(id, open)| ChallengeView {
            id: *id,
            index: open.index,
            party: open.party,
            ground: open.ground,
            contributions: &open.places,
        })
    }

    /// Returns the contributions that an open challenge names: to withdraw it, they are needed.
    pub(in crate::agreement) fn challenged_by(&self, challenge: StatementId) -> &[(u64, StatementId)] {
        self.work.challenges.open.get(&challenge).map_or(&[], |open| &open.places)
    }

    pub(super) fn challenge(&self, said: Said<'_>, body: &Challenge) -> Result<Change, Refusal> {
        let party = said.speaker.party;
        self.check_stays(party)?;
        let mut places = Vec::with_capacity(body.contributions.len());
        for contribution in &body.contributions {
            let (index, slot) = self.contributions.find(*contribution)?;
            self.check_challenge(said, (*contribution, index, slot), body.ground)?;
            places.push((index, *contribution));
        }
        if self.work.challenges.places.of(party) + places.len() > CHALLENGED_MAX {
            return Err(WorkRefusal::TooManyChallenged { party: self.party_name(party), max: CHALLENGED_MAX }.into());
        }
        Ok(Change::Challenged { party, ground: body.ground, places })
    }

    fn check_challenge(
        &self,
        said: Said<'_>,
        (contribution, index, slot): (StatementId, u64, &Slot),
        ground: Ground,
    ) -> Result<(), WorkRefusal> {
        let party = said.speaker.party;
        if slot.party == party {
            return Err(WorkRefusal::OwnChallenge { contribution, party: self.party_name(party) });
        }
        match slot.state(self.books.cut_off()) {
            ContributionState::Accepted | ContributionState::Final => {}
            state => return Err(WorkRefusal::NotAccepted { contribution, state }),
        }
        let days = self.terms_at(index).windows.challenge;
        let Some(accepted) = slot.accepted.filter(|_| days > 0) else {
            return Err(WorkRefusal::ChallengeNotForeseen { contribution });
        };
        if self.course.window_over(accepted, days, said.at) {
            return Err(WorkRefusal::ChallengeLate { contribution, accepted, days });
        }
        if slot.challenges.iter().any(|mark| mark.party == party && mark.ground == ground) {
            let party = self.party_name(party);
            return Err(WorkRefusal::ChallengedBefore { contribution, party, ground });
        }
        if slot.challenges.len() >= CHALLENGES_MAX {
            return Err(WorkRefusal::TooManyChallenges { contribution, max: CHALLENGES_MAX });
        }
        Ok(())
    }

    pub(super) fn put_in_doubt(&mut self, entry: Entry, party: usize, ground: Ground, places: Vec<(u64, StatementId)>) {
        for (subject, _) in &places {
            let slot = self.contributions.slots.change(subject).expect("what was admitted is at hand");
            let (before, challenge, index) = (slot.is_challenged(), entry.id, entry.index);
            slot.challenges.push(ChallengeMark { challenge, index, party, ground, over: None });
            // A dispute about it doubts more than a challenge does.
            if !before && !self.disputes.disputed.contains_key(subject) {
                self.doubt_challenged(entry.index, *subject);
            }
        }
        self.work.challenges.places.add(party, places.len());
        let open = OpenChallenge { index: entry.index, party, ground, places };
        self.work.challenges.open.insert(entry.id, open);
    }

    /// From entry `index` on it is in doubt whether the contribution in entry `subject` counts anything.
    pub(super) fn doubt_challenged(&mut self, index: u64, subject: u64) {
        let Some(slot) = self.contributions.slots.get(&subject) else { return };
        if let Outcome::Accepted { at, points } = &slot.outcome {
            let stands = Some((slot.party, points.clone()));
            let doubt = PointsDoubt { dimension: slot.dimension, from: Some(*at), stands, may: vec![None] };
            self.books.doubt(index, subject, Doubt::Points(doubt));
        }
    }

    /// Judges the withdrawal of a challenge by `party`; `None`: there is no such challenge.
    pub(in crate::agreement) fn take_challenge_back(
        &self,
        challenge: StatementId,
        party: usize,
    ) -> Result<Option<Change>, Refusal> {
        let Some(open) = self.work.challenges.open.get(&challenge) else { return Ok(None) };
        if open.party != party {
            let (statement, party) = (challenge, self.party_name(party));
            return Err(ChangeRefusal::NotYours { statement, party }.into());
        }
        Ok(Some(Change::ChallengeWithdrawn { challenge }))
    }

    pub(super) fn withdraw_challenge(&mut self, entry: Entry, challenge: StatementId) {
        let Some(open) = self.work.challenges.open.remove(&challenge) else { return };
        self.work.challenges.places.take(open.party, open.places.len());
        for (subject, _) in open.places {
            let slot = self.contributions.slots.change(&subject).expect("what was admitted is at hand");
            let marks = slot.challenges.iter_mut().filter(|mark| mark.challenge == challenge && mark.over.is_none());
            marks.into_iter().for_each(|mark| mark.over = Some(entry.index));
            if !slot.is_challenged() {
                self.undoubt(entry, subject);
            }
        }
    }

    /// Ends every challenge of the contribution in entry `subject`: its claimant has conceded, or it is decided.
    pub(in crate::agreement) fn end_challenges(&mut self, entry: Entry, subject: u64) {
        if !self.contributions.slots.get(&subject).is_some_and(Slot::is_challenged) {
            return;
        }
        let slot = self.contributions.slots.change(&subject).expect("it was just seen");
        for mark in slot.challenges.iter_mut().filter(|mark| mark.over.is_none()) {
            mark.over = Some(entry.index);
            self.work.challenges.leave(mark.challenge, subject);
        }
        self.undoubt(entry, subject);
    }
}
