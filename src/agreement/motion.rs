//! Motions: what one party moves and others accept by the statement id, which covers every byte of it.
//!
//! A motion waits for a quorum; each party accepts with as many of its GOVERN keys as its threshold asks. The entry that completes
//! the quorum has the effect; whether the matter is still possible then is checked once more. Nothing takes effect by time-out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        refusal::{Refusal, change::ChangeRefusal},
        tally::Tally,
    },
    digest::Digest,
    keys::PublicKey,
    statement::{
        Acceptance, Body, Decline, Kind,
        change::TrialVerdict,
        dispute::Outcome,
        id::StatementId,
        rules::{Mediator, SharePolicy},
        terms::{Scope, Terms},
        work::{Contingency, Plan, RiskAssessment},
    },
    time::Timestamp,
};

/// How many motions of one party may wait at once.
pub const OPEN_MOTIONS_MAX: usize = 16;

/// How many motions one party may make over the life of an agreement.
pub const MOTIONS_MAX: usize = 2_000;

/// Something that was moved and waits for others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Motion {
    /// Its statement id.
    pub id: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub moved: Timestamp,
    /// The position of the party that moved it.
    pub mover: usize,
    /// What is moved.
    pub matter: Matter,
    /// Whose acceptance it needs.
    pub quorum: Quorum,
    /// By party: the keys that have accepted, in ledger order.
    pub accepted: BTreeMap<usize, Vec<PublicKey>>,
    /// What the mediator that it names has declared; without, it has not consented.
    pub conflicts: Option<String>,
}

/// What is moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matter {
    /// A plan.
    Plan(Plan),
    /// The plan for a risk that has come.
    Contingency(Contingency),
    /// Another assessment of a risk.
    RiskAssessment(RiskAssessment),
    /// Other terms.
    Amendment(Box<Amended>),
    /// One more key.
    KeyGrant {
        /// The new key.
        key: PublicKey,
        /// What it may sign.
        scopes: Vec<Scope>,
        /// Until when it signs.
        expires: Option<Timestamp>,
        /// How many statements it may sign in a day.
        daily_max: Option<u32>,
    },
    /// A key less.
    KeyRevocation {
        /// The key.
        key: PublicKey,
    },
    /// A party leaves.
    Exit {
        /// When.
        leaves: Timestamp,
    },
    /// How the trial came out.
    TrialResult(TrialVerdict),
    /// The agreement stands still.
    Suspension,
    /// It goes on.
    Resumption,
    /// Another mediator.
    MediatorReplacement(Mediator),
    /// The agreement ends.
    Close,
    /// How to settle a dispute.
    Offer {
        /// The dispute.
        dispute: StatementId,
        /// One for each disputed entry.
        outcomes: Vec<Outcome>,
    },
}

/// Other terms, as they were moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amended {
    /// What proposed the terms that they replace.
    pub replaces: StatementId,
    /// The new terms.
    pub terms: Terms,
    /// From when on.
    pub effective: Option<Timestamp>,
    /// Covers the recomputed effect, if what was settled is shared anew.
    pub retroactive: Option<Digest>,
}

/// Whose acceptance a motion needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quorum {
    /// Every party's, newcomers included, and those that have left where it may change what they are entitled to.
    All,
    /// The mover's own keys.
    Own,
    /// The mover's and one other party's.
    Another,
    /// These parties'.
    These(Vec<usize>),
}

/// All motions of an agreement that wait.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Motions {
    pub(super) open: BTreeMap<StatementId, Motion>,
    /// Statement and entry of those that took effect or ended. Without them, whoever keeps the ledger could let an old
    /// motion and its acceptances in once more, and bring an old plan or an old suspension back.
    decided: BTreeMap<StatementId, u64>,
    /// By mover: all that there ever were.
    made: Tally,
}

#[derive(Debug)]
pub(super) enum Change {
    Moved {
        motion: Box<Motion>,
        completes: bool,
    },
    Accepted {
        motion: StatementId,
        party: usize,
        key: PublicKey,
        completes: bool,
    },
    Consented {
        motion: StatementId,
        conflicts: String,
        completes: bool,
    },
    /// Declined or withdrawn.
    Ended {
        motion: StatementId,
    },
}

impl Matter {
    /// Returns the kind of statement that moves it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Plan(_) => Kind::Plan,
            Self::Contingency(_) => Kind::Contingency,
            Self::RiskAssessment(_) => Kind::RiskAssessment,
            Self::Amendment(_) => Kind::Amendment,
            Self::KeyGrant { .. } => Kind::KeyGrant,
            Self::KeyRevocation { .. } => Kind::KeyRevocation,
            Self::Exit { .. } => Kind::Exit,
            Self::TrialResult(_) => Kind::TrialResult,
            Self::Suspension => Kind::Suspension,
            Self::Resumption => Kind::Resumption,
            Self::MediatorReplacement(_) => Kind::MediatorReplacement,
            Self::Close => Kind::Close,
            Self::Offer { .. } => Kind::Offer,
        }
    }

    /// Whether it may change what parties are entitled to already: then those are asked, too, that have left.
    fn touches_the_past(&self) -> bool {
        match self {
            Self::Offer { .. } => true,
            // By the latest shares everything is shared anew that ever came in.
            Self::Amendment(amended) => {
                amended.retroactive.is_some() || amended.terms.share_policy == SharePolicy::TrueUp
            }
            _ => false,
        }
    }

    /// Reads what a statement moves; `None`: it moves nothing.
    pub(super) fn of(body: &Body) -> Option<Self> {
        Some(match body {
            Body::Plan(plan) => Self::Plan(plan.clone()),
            Body::Contingency(body) => Self::Contingency(body.clone()),
            Body::RiskAssessment(body) => Self::RiskAssessment(body.clone()),
            Body::Amendment(body) => Self::Amendment(Box::new(Amended {
                replaces: body.replaces,
                terms: body.terms.clone(),
                effective: body.effective,
                retroactive: body.retroactive,
            })),
            Body::KeyGrant(body) => Self::KeyGrant {
                key: body.key,
                scopes: body.scopes.clone(),
                expires: body.expires,
                daily_max: body.daily_max,
            },
            Body::KeyRevocation(body) => Self::KeyRevocation { key: body.key },
            Body::Exit(body) => Self::Exit { leaves: body.leaves },
            Body::TrialResult(body) => Self::TrialResult(body.verdict),
            Body::Suspension(_) => Self::Suspension,
            Body::Resumption(_) => Self::Resumption,
            Body::MediatorReplacement(body) => Self::MediatorReplacement(body.mediator.clone()),
            Body::Close(_) => Self::Close,
            Body::Offer(body) => Self::Offer { dispute: body.dispute, outcomes: body.outcomes.clone() },
            _ => return None,
        })
    }
}

impl Motions {
    /// Returns the entry of a motion, whether it waits or is decided.
    pub(super) fn index_of(&self, motion: StatementId) -> Option<u64> {
        self.open.get(&motion).map(|motion| motion.index).or_else(|| self.decided.get(&motion).copied())
    }

    /// Takes a motion out: it waits no more.
    fn decide(&mut self, motion: StatementId) -> Option<Motion> {
        let motion = self.open.remove(&motion)?;
        self.decided.insert(motion.id, motion.index);
        Some(motion)
    }

    /// Takes the offers in a dispute out.
    pub(super) fn end_offers(&mut self, dispute: StatementId) {
        let about = |motion: &Motion| matches!(motion.matter, Matter::Offer { dispute: about, .. } if about == dispute);
        let offers = self.open.extract_if(.., |_, motion| about(motion));
        self.decided.extend(offers.map(|(id, motion)| (id, motion.index)));
    }

    pub(super) fn find(&self, motion: StatementId) -> Result<&Motion, ChangeRefusal> {
        self.open.get(&motion).ok_or(ChangeRefusal::UnknownMotion { motion })
    }
}

impl Agreement {
    /// Returns every motion that waits, in the order of their ids.
    pub fn motions(&self) -> impl ExactSizeIterator<Item = &Motion> {
        self.motions.open.values()
    }

    /// Returns the parties whose acceptance a motion still needs, ascending. For a quorum of the mover and one other: all who could
    /// be the other.
    #[must_use]
    pub fn awaited(&self, motion: &Motion) -> Vec<usize> {
        let waits = |party: &usize| !self.has_accepted(motion, *party);
        match &motion.quorum {
            Quorum::Another if !waits(&motion.mover) => self.asked(motion),
            Quorum::Another => vec![motion.mover],
            _ => self.asked(motion).into_iter().filter(waits).collect(),
        }
    }

    /// Whether the consent of the mediator that a motion names is missing.
    #[must_use]
    pub fn awaits_mediator(&self, motion: &Motion) -> bool {
        motion.conflicts.is_none() && self.new_mediator(&motion.matter).is_some()
    }

    /// Returns the mediator that would come with a matter, and must consent to it. Terms that say of the mediator what those before
    /// them say leave who is appointed.
    #[must_use]
    pub fn new_mediator<'a>(&self, matter: &'a Matter) -> Option<&'a Mediator> {
        let named = match matter {
            Matter::MediatorReplacement(mediator) => Some(mediator),
            Matter::Amendment(amended) => {
                amended.terms.mediator.as_ref().filter(|named| self.terms().mediator.as_ref() != Some(*named))
            }
            _ => None,
        };
        named.filter(|named| self.mediator() != Some(*named))
    }

    pub(super) fn move_matter(&self, said: Said<'_>, matter: Matter) -> Result<Change, Refusal> {
        if let Matter::Offer { dispute, .. } = &matter {
            self.check_side(*dispute, said.speaker.party)?;
        }
        self.check_matter(said.speaker.party, &matter, said.at)?;
        let quorum = self.quorum_of(&matter)?;
        let mover = said.speaker.party;
        let accepted = BTreeMap::from([(mover, vec![said.speaker.key])]);
        let motion =
            Motion { id: said.id, index: said.index, moved: said.at, mover, quorum, accepted, conflicts: None, matter };
        let completes = self.is_complete(&motion);
        self.check_room_for(&motion, completes)?;
        Ok(Change::Moved { motion: Box::new(motion), completes })
    }

    /// Checks that a party may move one more. What is complete at once waits for nobody; and a key that somebody stole is revoked
    /// whatever it has moved: every key is revoked once.
    fn check_room_for(&self, motion: &Motion, completes: bool) -> Result<(), ChangeRefusal> {
        let (mover, party) = (motion.mover, || self.party_name(motion.mover));
        let revokes = matches!(motion.matter, Matter::KeyRevocation { .. });
        if self.motions.made.of(mover) >= MOTIONS_MAX && !(revokes && completes) {
            return Err(ChangeRefusal::MotionsUsedUp { party: party(), max: MOTIONS_MAX });
        }
        let waiting = self.motions.open.values().filter(|motion| motion.mover == mover).count();
        if waiting >= OPEN_MOTIONS_MAX && !completes {
            return Err(ChangeRefusal::TooManyMotions { party: party(), max: OPEN_MOTIONS_MAX });
        }
        Ok(())
    }

    pub(super) fn accept_motion(&self, said: Said<'_>, body: &Acceptance) -> Result<Change, Refusal> {
        self.check_not_settled(Kind::Acceptance, body.proposal)?;
        let motion = self.motions.find(body.proposal)?;
        let (party, key) = (said.speaker.party, said.speaker.key);
        self.check_asked(motion, party)?;
        let mut after = motion.clone();
        let keys = after.accepted.entry(party).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        } else if !self.is_complete(motion) {
            return Err(Refusal::AlreadyAccepted { signer: key });
        }
        // Whoever was still awaited may have left since: then who has accepted may say so once more.
        let completes = self.completes(&after, said.at)?;
        Ok(Change::Accepted { motion: motion.id, party, key, completes })
    }

    pub(super) fn decline_motion(&self, said: Said<'_>, body: &Decline) -> Result<Change, Refusal> {
        self.check_not_settled(Kind::Decline, body.proposal)?;
        let motion = self.motions.find(body.proposal)?;
        let party = said.speaker.party;
        self.check_asked(motion, party)?;
        if motion.quorum == Quorum::Another && party != motion.mover {
            return Err(ChangeRefusal::NotAsked { motion: motion.id, party: self.party_name(party) }.into());
        }
        if motion.accepted.get(&party).is_some_and(|keys| keys.contains(&said.speaker.key)) {
            return Err(Refusal::AlreadyAccepted { signer: said.speaker.key });
        }
        Ok(Change::Ended { motion: motion.id })
    }

    /// Terms that are in force, or were, are not accepted or declined again.
    fn check_not_settled(&self, kind: Kind, proposal: StatementId) -> Result<(), Refusal> {
        if self.versions.all().iter().any(|version| version.id == proposal) {
            return Err(Refusal::NotNegotiating { kind, phase: self.course.phase });
        }
        Ok(())
    }

    pub(super) fn consent_to_motion(&self, motion: &Motion, conflicts: &str, at: Timestamp) -> Result<Change, Refusal> {
        let mut after = motion.clone();
        after.conflicts = Some(conflicts.to_owned());
        let completes = self.completes(&after, at)?;
        Ok(Change::Consented { motion: motion.id, conflicts: conflicts.to_owned(), completes })
    }

    /// Whether a motion is complete; then its matter must still be possible, and its time not be over.
    fn completes(&self, motion: &Motion, at: Timestamp) -> Result<bool, Refusal> {
        if !self.is_complete(motion) {
            return Ok(false);
        }
        self.check_phase(motion.matter.kind(), at)?;
        self.check_matter(motion.mover, &motion.matter, at)?;
        Ok(true)
    }

    fn is_complete(&self, motion: &Motion) -> bool {
        let enough = match motion.quorum {
            Quorum::Another => {
                let others = motion.accepted.keys().filter(|party| **party != motion.mover);
                self.has_accepted(motion, motion.mover)
                    && others.into_iter().any(|party| self.has_accepted(motion, *party))
            }
            _ => self.asked(motion).into_iter().all(|party| self.has_accepted(motion, party)),
        };
        enough && !self.awaits_mediator(motion)
    }

    fn has_accepted(&self, motion: &Motion, party: usize) -> bool {
        let threshold = match &motion.matter {
            Matter::Amendment(amended) if party >= self.terms().parties.len() => {
                amended.terms.parties[party].govern_threshold
            }
            _ => self.terms().parties[party].govern_threshold,
        };
        let keys = motion.accepted.get(&party).map_or(0, Vec::len);
        u32::try_from(keys).is_ok_and(|keys| keys >= threshold)
    }

    /// Returns the parties that may accept a motion.
    fn asked(&self, motion: &Motion) -> Vec<usize> {
        let parties = self.terms().parties.len();
        match &motion.quorum {
            Quorum::Own => vec![motion.mover],
            Quorum::These(parties) => parties.clone(),
            Quorum::Another => (0..parties).filter(|party| !self.has_left(*party)).collect(),
            Quorum::All => {
                let all = match &motion.matter {
                    Matter::Amendment(amended) => amended.terms.parties.len(),
                    _ => parties,
                };
                (0..all).filter(|party| motion.matter.touches_the_past() || !self.has_left(*party)).collect()
            }
        }
    }

    fn check_asked(&self, motion: &Motion, party: usize) -> Result<(), ChangeRefusal> {
        if self.asked(motion).contains(&party) {
            return Ok(());
        }
        Err(ChangeRefusal::NotAsked { motion: motion.id, party: self.party_name(party) })
    }

    /// Returns the party that a key would belong to if a motion it is asked about were in force.
    pub(super) fn newcomer(&self, key: PublicKey, motion: StatementId) -> Option<usize> {
        let Matter::Amendment(amended) = &self.motions.open.get(&motion)?.matter else { return None };
        let known = self.terms().parties.len();
        let newcomers = amended.terms.parties.iter().enumerate().skip(known);
        let holds = |listed: &crate::statement::terms::Party| {
            listed.keys.iter().any(|listed| listed.key == key && listed.scopes.contains(&Scope::Govern))
        };
        newcomers.into_iter().find(|(_, listed)| holds(listed)).map(|(party, _)| party)
    }

    pub(super) fn apply_motion(&mut self, entry: Entry, change: Change) {
        let motion = match change {
            Change::Moved { motion, completes } => {
                self.motions.made.add(motion.mover, 1);
                if !completes {
                    self.motions.open.insert(motion.id, *motion);
                    return;
                }
                self.motions.decided.insert(motion.id, motion.index);
                *motion
            }
            Change::Accepted { motion, party, key, completes } => {
                let Some(waiting) = self.motions.open.get_mut(&motion) else { return };
                if !completes {
                    waiting.accepted.entry(party).or_default().push(key);
                    return;
                }
                let Some(motion) = self.motions.decide(motion) else { return };
                motion
            }
            Change::Consented { motion, conflicts, completes } => {
                let Some(waiting) = self.motions.open.get_mut(&motion) else { return };
                waiting.conflicts = Some(conflicts);
                if !completes {
                    return;
                }
                let Some(motion) = self.motions.decide(motion) else { return };
                motion
            }
            Change::Ended { motion } => {
                self.motions.decide(motion);
                return;
            }
        };
        self.take_effect(entry, motion);
    }
}
