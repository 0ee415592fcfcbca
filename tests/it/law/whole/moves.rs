//! What parties say about the cooperation and the agreement itself in a world.

use counterfoil::{
    digest::Digest,
    split::Ratio,
    statement::{
        Body, Decline, Kind,
        change::{
            Amendment, Close, Exit, KeyGrant, KeyRevocation, MediatorReplacement, Resumption, Suspension, TrialResult,
            TrialVerdict,
        },
        rules::{Fee, Mediator, SharePolicy},
        terms::{Scope, Terms},
        work::Contingency,
    },
};

use super::{
    act::{Act, DAY_MS, Step},
    world::{PARTIES, World},
};
use crate::{
    law::{
        START_MS, add_guest, ms,
        work::{answer, assess, commit, feedback, fulfil, needs, plan, risk},
    },
    stories::secret,
};

impl World {
    pub(super) fn cooperation(&self, Step { act, of, number, .. }: Step) -> Option<Body> {
        let tasks: [&[&str]; 3] = [
            &["build:community:12", "test:enterprise:8"],
            &["build:enterprise:20"],
            &["build:foundation:5", "more:community:15"],
        ];
        let tasks = tasks[usize::from(of) % 3];
        Some(match act {
            Act::Needs => needs(),
            Act::Plan => Body::Plan(plan(tasks, &[])),
            Act::Risk => risk(PARTIES[usize::from(of) % 3]),
            Act::Assess => {
                assess(self.pick(Kind::Risk, of)?, u32::try_from(number % 5 + 1).unwrap(), number.is_multiple_of(4))
            }
            Act::Contingency => {
                Body::Contingency(Contingency { risk: self.pick(Kind::Risk, of)?, plan: plan(tasks, &[]) })
            }
            Act::Feedback => feedback(number),
            Act::Answer => answer(self.pick(Kind::Feedback, of)?, number.is_multiple_of(2)),
            Act::Commit => commit(&[number % 90 + 1, 400]),
            _ => fulfil(self.pick(Kind::MaintenanceCommitment, of)?, 400),
        })
    }

    pub(super) fn course(&mut self, Step { act, of, number, .. }: Step, name: &str) -> Option<Body> {
        let reason = "a reason".to_owned();
        Some(match act {
            Act::Grant => {
                let key = format!("{name}.{}", 5 + number % 4);
                let secret = secret(&key);
                let (scopes, expires) = (vec![Scope::Claim, Scope::Attest], None);
                let mut grant =
                    KeyGrant { key: secret.public(), scopes, expires, daily_max: Some(3), proof: secret.sign(b"") };
                grant.proof = secret.sign(&grant.message(self.agreement().id(), &name.parse().unwrap()));
                self.keys.push(key);
                Body::KeyGrant(grant)
            }
            Act::Revoke => {
                let key = secret(self.keys.get(usize::from(of) % self.keys.len().max(1))?).public();
                Body::KeyRevocation(KeyRevocation { key, reason })
            }
            Act::Leave if number.is_multiple_of(3) => {
                Body::Exit(Exit { leaves: ms(self.law.clock.as_ms() + number % 12 * DAY_MS + DAY_MS), reason })
            }
            Act::Try => {
                let verdict = match number % 9 {
                    8 => TrialVerdict::Extended { until: ms(START_MS + number % 1_000 * DAY_MS) },
                    _ => TrialVerdict::Passed,
                };
                Body::TrialResult(TrialResult { verdict, evidence: Digest::of(&[]) })
            }
            Act::Suspend => Body::Suspension(Suspension { reason }),
            Act::Resume => Body::Resumption(Resumption { reason }),
            Act::Replace => {
                let keys = vec![secret("judge").public()];
                Body::MediatorReplacement(MediatorReplacement {
                    mediator: Mediator { display_name: "a judge".to_owned(), keys },
                })
            }
            Act::End if number.is_multiple_of(6) => Body::Close(Close { reason }),
            Act::Decline => {
                let place = usize::from(of).checked_rem(self.agreement().motions().len())?;
                let motion = self.agreement().motions().nth(place)?.id;
                Body::Decline(Decline { proposal: motion, reason })
            }
            _ => return None,
        })
    }

    /// Other terms, from now or later on, or for what was settled, too.
    pub(super) fn amend(&mut self, name: &str, number: u64) {
        let mut terms = self.agreement().terms().clone();
        change(&mut terms, number);
        let retroactive = ((number / 8).is_multiple_of(4))
            .then(|| self.agreement().effect_of_terms(&terms, self.law.clock).ok())
            .flatten();
        let effective =
            ((number / 32).is_multiple_of(3)).then(|| ms(self.law.clock.as_ms() + (number % 20 + 1) * DAY_MS));
        let replaces = self.agreement().terms_id();
        let retroactive = retroactive.filter(|_| effective.is_none()).map(|effect| effect.digest);
        let amendment = Amendment { replaces, terms, effective, retroactive };
        if self.say(name, Body::Amendment(amendment)).is_ok() && !number.is_multiple_of(4) {
            self.all_agree(0);
        }
    }
}

fn change(terms: &mut Terms, number: u64) {
    match number % 8 {
        0 => terms.streams[0].pool_rate = Ratio::reduced(number % 7 + 1, 8).unwrap(),
        1 => terms.dimensions[0].floor_mass = Ratio::new(number % 50 + 1, 1).unwrap(),
        2 => terms.units[0].points = Ratio::reduced(number % 9 + 1, 2).unwrap(),
        3 => {
            let (name, currency) = (format!("fee{number}").parse().unwrap(), terms.currencies[0].code.clone());
            let rate = Ratio::reduced(1, number % 90 + 10).unwrap();
            terms.waterfall.fees.push(Fee { name, payee: "a bank".to_owned(), rate, currency, cap: Some(number) });
        }
        4 if terms.parties.len() < PARTIES.len() => add_guest(terms),
        4 | 5 => {
            terms.waterfall.holdback = Some(Ratio::reduced(1, number % 9 + 2).unwrap());
            terms.waterfall.holdback_days = u32::try_from(number % 40 + 1).unwrap();
        }
        6 => {
            terms.share_policy = match terms.share_policy {
                SharePolicy::Prospective => SharePolicy::TrueUp,
                SharePolicy::TrueUp => SharePolicy::Prospective,
            };
        }
        _ => terms.windows.attest = u32::try_from(number % 30 + 1).unwrap(),
    }
}
