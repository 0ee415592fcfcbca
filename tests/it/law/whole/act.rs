//! What may be done in a world, and how it is said.

use counterfoil::{
    agreement::calendar::period_end,
    digest::Digest,
    split::Ratio,
    statement::{
        Artifact, ArtifactDigest, ArtifactKind, Benefit, Body, Contribution, Kind, Verdict,
        dispute::{Dispute, Evidence, Offer, Outcome, Remedy, Ruling},
        id::StatementId,
        money::{Acknowledgement, Closing, Cost, CostConfirmation, NilReport, Payment, PaymentConfirmation},
        work::Ground,
    },
};
use proptest::{
    prelude::{Strategy, any},
    sample::select,
};

use super::world::{PARTIES, World};
use crate::law::{
    confirm, confirm_reversal, contribution, judge, ms, reverse, sales, withdraw,
    work::{agree, challenge, take_back},
};

/// What may be done, once for each kind of statement, and what only time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Wait,
    Claim,
    Attest,
    Withdraw,
    Challenge,
    TakeBack,
    Report,
    Confirm,
    GiveBack,
    Spend,
    ConfirmCost,
    Nil,
    CloseRound,
    CloseAlone,
    Settle,
    Acknowledge,
    Pay,
    ConfirmPayment,
    Dispute,
    Evidence,
    Offer,
    Rule,
    Agree,
    Decline,
    Needs,
    Plan,
    Risk,
    Assess,
    Contingency,
    Feedback,
    Answer,
    Commit,
    Fulfil,
    Amend,
    Grant,
    Revoke,
    Leave,
    Try,
    Suspend,
    Resume,
    Replace,
    End,
}

/// Every act, as often as it is to come.
pub(crate) const ACTS: [(Act, usize); 42] = [
    (Act::Wait, 6),
    (Act::Claim, 14),
    (Act::Attest, 16),
    (Act::Withdraw, 2),
    (Act::Challenge, 5),
    (Act::TakeBack, 4),
    (Act::Report, 8),
    (Act::Confirm, 8),
    (Act::GiveBack, 4),
    (Act::Spend, 5),
    (Act::ConfirmCost, 5),
    (Act::Nil, 3),
    (Act::CloseRound, 5),
    (Act::CloseAlone, 1),
    (Act::Settle, 7),
    (Act::Acknowledge, 2),
    (Act::Pay, 3),
    (Act::ConfirmPayment, 3),
    (Act::Dispute, 6),
    (Act::Evidence, 1),
    (Act::Offer, 2),
    (Act::Rule, 4),
    (Act::Agree, 12),
    (Act::Decline, 3),
    (Act::Needs, 1),
    (Act::Plan, 2),
    (Act::Risk, 2),
    (Act::Assess, 3),
    (Act::Contingency, 2),
    (Act::Feedback, 1),
    (Act::Answer, 1),
    (Act::Commit, 2),
    (Act::Fulfil, 2),
    (Act::Amend, 4),
    (Act::Grant, 1),
    (Act::Revoke, 1),
    (Act::Leave, 1),
    (Act::Try, 3),
    (Act::Suspend, 1),
    (Act::Resume, 4),
    (Act::Replace, 1),
    (Act::End, 1),
];

/// One step: who does what, about what, and with which number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) who: usize,
    pub(crate) act: Act,
    pub(crate) of: u8,
    pub(crate) number: u64,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let acts: Vec<Act> = ACTS.iter().flat_map(|(act, times)| vec![*act; *times]).collect();
    let step = (0..PARTIES.len(), select(acts), any::<u8>(), 0..1_000_u64);
    step.prop_map(|(who, act, of, number)| Step { who, act, of, number })
}

/// The kinds that wait for others.
pub(crate) const MOTIONS: [Kind; 13] = [
    Kind::Plan,
    Kind::Contingency,
    Kind::RiskAssessment,
    Kind::Amendment,
    Kind::KeyGrant,
    Kind::KeyRevocation,
    Kind::Exit,
    Kind::TrialResult,
    Kind::Suspension,
    Kind::Resumption,
    Kind::MediatorReplacement,
    Kind::Close,
    Kind::Offer,
];

pub(super) const DAY_MS: u64 = 86_400_000;

impl World {
    /// Something of a kind that entered, the latest more often.
    pub(crate) fn pick(&self, kind: Kind, of: u8) -> Option<StatementId> {
        let named = self.named.get(&kind)?;
        named.len().checked_sub(1 + usize::from(of) % named.len().min(8)).map(|place| named[place])
    }

    /// Does a step; whether it is allowed is the law's to say.
    pub(crate) fn play(&mut self, step: Step) {
        let Step { who, act, of, number } = step;
        let name = PARTIES[who % PARTIES.len()];
        let key = match (number % 7, self.keys.get(usize::from(of) % self.keys.len().max(1))) {
            (6, Some(key)) => key.clone(),
            _ => name.to_owned(),
        };
        if act == Act::Wait {
            self.law.clock = ms(self.law.clock.as_ms() + (number % 25 + 1) * DAY_MS);
            return;
        }
        let key = self.who_must(act, of).unwrap_or(key);
        let said = match act {
            Act::Claim | Act::Attest | Act::Withdraw | Act::Challenge | Act::TakeBack => self.work(step, name),
            Act::CloseRound | Act::CloseAlone => return self.close_round(act == Act::CloseAlone, name, number),
            Act::Agree => return self.all_agree(of),
            Act::GiveBack => return self.give_back(of, number),
            Act::Rule => return self.rule(of, number),
            Act::Dispute | Act::Evidence | Act::Offer => self.disputes(step),
            Act::Amend => return self.amend(name, number),
            Act::Needs
            | Act::Plan
            | Act::Risk
            | Act::Assess
            | Act::Contingency
            | Act::Feedback
            | Act::Answer
            | Act::Commit
            | Act::Fulfil => self.cooperation(step),
            Act::Grant
            | Act::Revoke
            | Act::Leave
            | Act::Try
            | Act::Suspend
            | Act::Resume
            | Act::Replace
            | Act::End
            | Act::Decline => {
                let kind = self.course(step, name);
                if let Some(body) = kind {
                    let moved = self.say(name, body);
                    if moved.is_ok() && number.is_multiple_of(2) && act != Act::Decline {
                        self.all_agree(0);
                    }
                }
                return;
            }
            _ => self.money(step, name),
        };
        let Some(body) = said else { return };
        if matches!(act, Act::Assess | Act::Contingency) {
            // Its owner alone may.
            let _ = PARTIES.iter().any(|owner| self.say(owner, body.clone()).is_ok());
        } else {
            let _ = self.say(&key, body);
        }
    }

    /// Who alone may do something.
    fn who_must(&mut self, act: Act, of: u8) -> Option<String> {
        let party = match act {
            Act::Nil => {
                let calendar = self.agreement().terms().calendar?;
                let open = self.agreement().periods(self.law.clock).into_iter().find(|view| view.cut_off.is_none())?;
                self.law.clock = self.law.clock.max(period_end(calendar, open.period)?);
                1
            }
            Act::Fulfil => {
                let id = self.pick(Kind::MaintenanceCommitment, of)?;
                self.agreement().commitments_at(self.law.clock).iter().find(|commitment| commitment.id == id)?.party
            }
            _ => return None,
        };
        Some(PARTIES[party].to_owned())
    }

    fn work(&self, Step { act, of, number, .. }: Step, name: &str) -> Option<Body> {
        Some(match act {
            Act::Claim => {
                let artifacts = (number.is_multiple_of(4)).then(|| Artifact {
                    kind: ArtifactKind::Other,
                    digest: ArtifactDigest::Sha256(Digest::of(&[&[of % 4]])),
                    media_type: String::new(),
                    uri: String::new(),
                    fraction: Ratio::reduced(number % 6 + 1, 6).unwrap(),
                });
                Body::Contribution(Contribution {
                    unit: if number.is_multiple_of(3) { "dataset" } else { "hour" }.parse().unwrap(),
                    artifacts: artifacts.into_iter().collect(),
                    task: (number % 5 == 1).then(|| "build".parse().unwrap()),
                    ..contribution(name, Ratio::reduced(number % 40 + 1, 4).unwrap())
                })
            }
            Act::Attest => {
                let verdict = match number % 8 {
                    0 => Verdict::Rejected,
                    1 => Verdict::ChangesRequested,
                    _ => {
                        let quality = Ratio::reduced(number % 3 + 1, 3).unwrap();
                        Verdict::Accepted { quality, unplanned: number.is_multiple_of(2) }
                    }
                };
                judge(self.pick(Kind::Contribution, of)?, verdict)
            }
            Act::Withdraw => withdraw(self.pick(Kind::Contribution, of)?),
            Act::Challenge => {
                challenge(&[self.pick(Kind::Contribution, of)?], Ground::ALL[usize::from(of) % Ground::ALL.len()])
            }
            _ => {
                let kinds = [
                    Kind::Challenge,
                    Kind::Dispute,
                    Kind::Plan,
                    Kind::Offer,
                    Kind::Cost,
                    Kind::Payment,
                    Kind::NilReport,
                ];
                take_back(self.pick(kinds[usize::try_from(number % 7).unwrap()], of)?)
            }
        })
    }

    fn money(&self, Step { act, of, number, who }: Step, name: &str) -> Option<Body> {
        let currency = if number % 4 == 3 { "JPY" } else { "EUR" };
        let last = self.agreement().settlement_places().last().map_or(1, |place| place.tree_size);
        Some(match act {
            Act::Report => {
                let Body::Benefit(benefit) = sales(number) else { unreachable!("sales are a benefit") };
                let stream = if who.is_multiple_of(2) { "support" } else { "sales" };
                let (period_start, period_end) = (self.law.clock, self.law.clock);
                let (stream, currency) = (stream.parse().unwrap(), currency.parse().unwrap());
                Body::Benefit(Benefit { stream, currency, period_start, period_end, ..benefit })
            }
            Act::Confirm => confirm(self.pick(Kind::Benefit, of)?),
            Act::Spend => Body::Cost(Cost {
                category: if number.is_multiple_of(3) { "travel" } else { "compute" }.parse().unwrap(),
                currency: currency.parse().unwrap(),
                amount: number % 300 + 1,
                invoice: Digest::of(&[&number.to_be_bytes()]),
                note: String::new(),
            }),
            Act::ConfirmCost => Body::CostConfirmation(CostConfirmation { costs: vec![self.pick(Kind::Cost, of)?] }),
            Act::Nil => {
                let open = self.agreement().periods(self.law.clock).into_iter().find(|view| view.cut_off.is_none())?;
                Body::NilReport(NilReport { stream: "sales".parse().unwrap(), period: open.period })
            }
            Act::Settle => {
                let size = match self.agreement().next_settlement(self.law.clock) {
                    Some(size) => {
                        size.saturating_sub(if self.agreement().terms().calendar.is_none() { number % 3 } else { 0 })
                    }
                    None => self.agreement().size(),
                };
                Body::Settlement(self.agreement().account_at(size).ok()?.settlement)
            }
            Act::Acknowledge => Body::Acknowledgement(Acknowledgement { tree_size: last }),
            Act::Pay => Body::Payment(Payment {
                tree_size: last,
                payee: PARTIES[usize::from(of) % 3].parse().unwrap(),
                currency: currency.parse().unwrap(),
                amount: number % 90 + 1,
                evidence: Digest::of(&[name.as_bytes()]),
                note: String::new(),
            }),
            _ => Body::PaymentConfirmation(PaymentConfirmation { payments: vec![self.pick(Kind::Payment, of)?] }),
        })
    }

    fn give_back(&mut self, of: u8, number: u64) {
        let Some(benefit) = self.pick(Kind::Benefit, of) else { return };
        let Some(reporter) = self.agreement().benefit(&benefit).map(|view| view.reporter) else { return };
        if let Ok(reversal) = self.say(PARTIES[reporter], reverse(benefit, number % 400 + 1)) {
            let _ = self.say("foundation", confirm_reversal(reversal));
        }
    }

    /// All close the next period, once it is over.
    fn close_round(&mut self, alone: bool, name: &str, number: u64) {
        let Some(calendar) = self.agreement().terms().calendar else { return };
        let Some(open) = self.agreement().periods(self.law.clock).into_iter().find(|view| view.cut_off.is_none())
        else {
            return;
        };
        let body = Body::Closing(Closing { period: open.period });
        if alone {
            let _ = self.say(name, body);
            return;
        }
        let end = period_end(calendar, open.period).unwrap();
        self.law.clock = self.law.clock.max(end);
        for party in PARTIES {
            let _ = self.say(party, body.clone());
        }
        if !number.is_multiple_of(3)
            && let Some(size) = self.agreement().next_settlement(self.law.clock)
            && let Ok(account) = self.agreement().account_at(size)
        {
            let _ = self.say(name, Body::Settlement(account.settlement));
        }
    }

    /// Something that is in the ledger, and a remedy that may fit it.
    fn outcome(&self, of: u8, number: u64) -> Option<Outcome> {
        let (kind, remedy) = match number % 9 {
            0 => (Kind::Contribution, Remedy::Reject),
            1..4 => (
                Kind::Contribution,
                Remedy::Quality(Ratio::reduced(number % 5, 4).ok().filter(|q| q.is_at_most_one())?),
            ),
            4 | 5 => (Kind::Contribution, Remedy::Reassign(PARTIES[usize::from(of) % 4].parse().unwrap())),
            6 => (Kind::Benefit, Remedy::Amount(number % 2_000)),
            7 => (Kind::Benefit, Remedy::Reject),
            _ => (Kind::Cost, Remedy::Amount(number % 200)),
        };
        Some(Outcome { subject: self.pick(kind, of)?, remedy })
    }

    fn disputes(&self, Step { act, of, number, .. }: Step) -> Option<Body> {
        Some(match act {
            Act::Dispute => {
                let mut outcomes: Vec<Outcome> = (0..=number % 3)
                    .filter_map(|more| {
                        self.outcome(of.wrapping_add(u8::try_from(more).unwrap() * 3), number.wrapping_add(more * 4))
                    })
                    .collect();
                outcomes.sort_by_key(|outcome| outcome.subject);
                outcomes.dedup_by_key(|outcome| outcome.subject);
                (!outcomes.is_empty()).then(|| Body::Dispute(Dispute { outcomes, reason: "a reason".to_owned() }))?
            }
            Act::Evidence => Body::Evidence(Evidence {
                dispute: self.pick(Kind::Dispute, of)?,
                digest: Digest::of(&[&number.to_be_bytes()]),
                media_type: String::new(),
                uri: String::new(),
                note: String::new(),
            }),
            _ => {
                let dispute = self.pick(Kind::Dispute, of)?;
                Body::Offer(Offer { dispute, outcomes: self.between(dispute, number)? })
            }
        })
    }

    /// One outcome for each disputed entry: as it stands, or as it is sought.
    pub(crate) fn between(&self, dispute: StatementId, bits: u64) -> Option<Vec<Outcome>> {
        let subjects = self.agreement().dispute(&dispute)?.subjects.iter().enumerate();
        let outcome = |(place, subject): (usize, &counterfoil::agreement::dispute::Subject)| Outcome {
            subject: subject.id,
            remedy: if bits >> (place % 64) & 1 == 0 { Remedy::Stand } else { subject.sought.clone() },
        };
        Some(subjects.map(outcome).collect())
    }

    /// The mediator decides.
    pub(crate) fn rule(&mut self, of: u8, number: u64) {
        let Some(dispute) = self.pick(Kind::Dispute, of) else { return };
        let Some(outcomes) = self.between(dispute, number) else { return };
        let Ok(effect) = self.agreement().effect(dispute, &outcomes, self.law.clock) else { return };
        let reasons = Digest::of(&[b"reasons"]);
        let ruling = Body::Ruling(Ruling { dispute, outcomes, effect: effect.digest, reasons });
        if self.say("mediator", ruling.clone()).is_err() {
            let _ = self.say("judge", ruling);
        }
    }

    /// Everybody whose acceptance a motion waits for accepts.
    pub(crate) fn all_agree(&mut self, of: u8) {
        let named: Vec<StatementId> =
            MOTIONS.iter().filter_map(|kind| self.named.get(kind)).flatten().copied().collect();
        let mut open: Vec<_> = self.agreement().motions().filter(|motion| named.contains(&motion.id)).collect();
        open.sort_by_key(|motion| std::cmp::Reverse(motion.index));
        if open.is_empty() {
            return;
        }
        let motion = open[usize::from(of) % open.len()];
        let (id, awaited) = (motion.id, self.agreement().awaited(motion));
        let consent = counterfoil::statement::change::MediatorConsent { proposal: id, conflicts: "none".to_owned() };
        let _ = self.say_aside("judge", Body::MediatorConsent(consent));
        for party in awaited {
            for key in ["1", "2"] {
                let _ = self.say_aside(&format!("{}.{key}", PARTIES[party]), agree(id));
            }
        }
    }
}
